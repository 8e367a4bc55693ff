//! Tests that `kubectl` reads the manifests of the guide, and that the schemas of Kubernetes accept them.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use safe_state_tests::Effects;
use serde_json::{Value, json};

use crate::{blocks, contained};

/// Starts a server that answers which kinds of objects exist. `kubectl` asks a server for them even for a dry run on
/// the client. The server ends with the process.
fn stub() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || listener.incoming().flatten().for_each(answer));
    address
}

fn answer(mut stream: TcpStream) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
    let Some(request) = lines.next() else { return };
    lines.find(String::is_empty);
    let group = json!({ "groupVersion": "batch/v1", "version": "v1" });
    let kinds = |of: &str, name: &str, kind: &str| {
        json!({ "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": of, "resources": [
            { "name": name, "singularName": "", "namespaced": true, "kind": kind, "verbs": ["create", "get"] },
        ] })
    };
    let told = match request.split(' ').nth(1).and_then(|path| path.split('?').next()) {
        Some("/api") => json!({ "kind": "APIVersions", "versions": ["v1"] }),
        Some("/apis") => json!({ "kind": "APIGroupList", "apiVersion": "v1", "groups": [
            { "name": "batch", "versions": [group], "preferredVersion": group },
        ] }),
        Some("/api/v1") => kinds("v1", "persistentvolumeclaims", "PersistentVolumeClaim"),
        Some("/apis/batch/v1") => kinds("batch/v1", "jobs", "Job"),
        _ => Value::Null,
    };
    let code = if told.is_null() { "404 Not Found" } else { "200 OK" };
    let body = told.to_string();
    let _ = write!(
        stream,
        "HTTP/1.1 {code}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
}

/// Returns the objects of a manifest, as `kubectl` would send them.
fn read(server: &str, dir: &Path, manifest: &str) -> Vec<Value> {
    let path = dir.join("manifest.yaml");
    fs::write(&path, manifest).unwrap();
    let mut kubectl = Command::new("kubectl");
    kubectl.args(["create", "--dry-run=client", "--validate=false", "--output=json", "--server"]);
    kubectl.arg(server).arg("--filename").arg(path).env("HOME", dir).env_remove("KUBECONFIG");
    let Output { status, stdout, stderr } =
        kubectl.output().expect("there is `kubectl`, of kubernetes-client");
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
    let read = serde_json::Deserializer::from_slice(&stdout).into_iter::<Value>();
    read.map(Result::unwrap)
        .flat_map(|it| match it.get("items") {
            Some(Value::Array(items)) => items.clone(),
            _ => vec![it],
        })
        .collect()
}

/// Returns what the schema of an object objects to; `None` if it accepts the object.
fn objections(dir: &Path, version: &str, object: &Value) -> Option<String> {
    let path = dir.join("object.json");
    fs::write(&path, object.to_string()).unwrap();
    let mut validate = Command::new(tool("kubernetes-validate"));
    validate.args(["--strict", "--no-warn", "--kubernetes-version", version]).arg(path);
    let Output { status, stdout, stderr } = validate.output().expect("tests/install has run");
    let said = String::from_utf8_lossy(&stdout) + String::from_utf8_lossy(&stderr);
    (!status.success()).then(|| said.into_owned())
}

/// Returns the path of a program that `tests/install` keeps below the target directory.
fn tool(name: &str) -> PathBuf {
    let program = Path::new(env!("CARGO_BIN_EXE_contained"));
    let target = program.ancestors().nth(2).unwrap();
    target.join("manifests/bin").join(name)
}

#[test]
fn kubectl_reads_the_manifests_of_the_guide_and_the_schemas_take_them() {
    let (server, dir) = (stub(), tempfile::tempdir().unwrap());
    let manifests = blocks("kubernetes.md", "yaml");
    let objects: Vec<Value> =
        manifests.iter().flat_map(|manifest| read(&server, dir.path(), manifest)).collect();
    let kinds: Vec<_> = objects.iter().map(|it| it["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["PersistentVolumeClaim", "Job", "Job"]);
    for version in ["1.37", "1.33", "1.31"] {
        for object in &objects {
            assert_eq!(objections(dir.path(), version, object), None);
        }
        let mut wrong = objects[1].clone();
        wrong["spec"]["podFailurePolicies"] = wrong["spec"]["podFailurePolicy"].take();
        assert!(objections(dir.path(), version, &wrong).is_some());
    }
    // No schema checks this: the policy requires pods that are not restarted, and names a container that has to exist.
    for job in &objects[1..] {
        let pod = &job["spec"]["template"]["spec"];
        assert_eq!(pod["restartPolicy"], "Never");
        for rule in &job["spec"]["podFailurePolicy"]["rules"].as_array().unwrap()[1..] {
            assert_eq!(rule["onExitCodes"]["containerName"], pod["containers"][0]["name"]);
        }
    }
    assert_eq!(objects[2]["spec"]["completions"], objects[2]["spec"]["parallelism"]);
}

/// Starts a pod of the Indexed Job with this uid.
fn pod(dir: &Path, uid: &str, index: usize) -> Child {
    let mut pod = contained("embeds", dir);
    pod.env("SAFE_STATE_SUBMISSION", uid).env("JOB_COMPLETION_INDEX", index.to_string());
    pod.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn returns_the_result(pod: Child) {
    let output = pod.wait_with_output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.ends_with(&format!("result {}\n", 160 * 159 / 2)), "{said}");
}

#[test]
fn the_pods_of_an_indexed_job_share_the_work_and_each_has_the_result() {
    let dir = tempfile::tempdir().unwrap();
    let done = || Effects::open(dir.path().join("effects")).unwrap().all();
    let mut pods: Vec<Child> = (0..8).map(|index| pod(dir.path(), "first", index)).collect();
    for killed in [2, 5] {
        while done().len() < 10 * killed {
            thread::sleep(Duration::from_millis(5));
        }
        pods[killed].kill().unwrap();
        pods[killed].wait().unwrap();
        pods[killed] = pod(dir.path(), "first", killed);
    }
    pods.into_iter().for_each(returns_the_result);
    let mut items = done();
    // Each of the two pods that were killed had one item under way, which may be done twice.
    assert!((160..=162).contains(&items.len()), "{}", items.len());
    returns_the_result(pod(dir.path(), "first", 3));
    assert_eq!(done().len(), items.len(), "one that comes late has nothing to do");
    items.sort_unstable();
    items.dedup();
    assert!(items.into_iter().eq(0..160));
    let before = done().len();
    returns_the_result(pod(dir.path(), "second", 0));
    assert_eq!(done().len(), before + 160, "another Job does the work again");
}
