//! Tests `reqwest` clients.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::thread;

use safe_state::reconnect::ReconnectRegistry;
use safe_state::resumable;

use crate::refused;

/// Sets the provider of TLS. With the features of object stores, `reqwest` has TLS and no provider for it.
fn provided() {
    // Another test may already have set the provider.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Starts a server that answers each request with its user agent.
fn server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let lines = BufReader::new(&stream).lines().map_while(Result::ok);
            let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
            let agent = head.iter().find_map(|line| line.strip_prefix("user-agent: "));
            let agent = agent.unwrap_or("none");
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}", agent.len());
            write!(stream, "{head}\r\nconnection: close\r\n\r\n{agent}").unwrap();
        }
    });
    url
}

#[resumable(name = "agents", state_dir = dir, reconnect(client), carry(seen), registry = registry, fresh(fail_at))]
fn agents(
    dir: &Path,
    url: &str,
    registry: &ReconnectRegistry,
    fail_at: Option<u64>,
) -> anyhow::Result<Vec<String>> {
    let mut client = reqwest::blocking::Client::builder().user_agent("first run").build()?;
    let mut seen = Vec::new();
    for item in 0..3 {
        anyhow::ensure!(fail_at != Some(item), "asked to fail");
        seen.push(client.get(url).send()?.text()?);
        client = client.clone();
    }
    Ok(seen)
}

#[test]
fn a_client_is_built_by_its_opener() {
    provided();
    let (url, dir) = (server(), tempfile::tempdir().unwrap());
    let registry = ReconnectRegistry::default();
    registry.register_opener::<reqwest::blocking::Client>(|()| {
        Ok(reqwest::blocking::Client::builder().user_agent("resumed run").build()?)
    });
    agents(dir.path(), &url, &registry, Some(1)).unwrap_err();
    let seen = agents(dir.path(), &url, &registry, None).unwrap();
    assert_eq!(seen, ["first run", "resumed run", "resumed run"]);
}

#[test]
fn settings_are_not_lost_without_a_word() {
    provided();
    let dir = tempfile::tempdir().unwrap();
    let nothing = ReconnectRegistry::default();
    let result = agents(dir.path(), &server(), &nothing, Some(0));
    refused(result, "register_opener::<reqwest::blocking::client::Client>(|_| ..)` before the job");
}

#[resumable(name = "asynchronous", state_dir = dir, carry(last), reconnect(client), registry = registry, fresh(fail))]
async fn statuses(
    dir: &Path,
    url: &str,
    registry: &ReconnectRegistry,
    fail: bool,
) -> anyhow::Result<String> {
    let mut client = reqwest::Client::builder().user_agent("first run").build()?;
    let mut last = String::new();
    for item in 0..3 {
        anyhow::ensure!(!fail || item < 2, "asked to fail");
        last = client.get(url).send().await?.text().await?;
        client = client.clone();
    }
    Ok(last)
}

#[tokio::test]
async fn an_asynchronous_client_is_built_by_its_opener() {
    provided();
    let (url, dir) = (server(), tempfile::tempdir().unwrap());
    let registry = ReconnectRegistry::default();
    registry.register_opener::<reqwest::Client>(|()| {
        Ok(reqwest::Client::builder().user_agent("resumed run").build()?)
    });
    statuses(dir.path(), &url, &registry, true).await.unwrap_err();
    assert_eq!(statuses(dir.path(), &url, &registry, false).await.unwrap(), "resumed run");
}
