//! Tests the recipes of the guide that need drivers.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::{env, fs, thread};

use safe_state::{Action, Backoff, ErrorContext, publish, resumable};
use tempfile::TempDir;

/// A folder that is the process's current directory, as for a program of a recipe, until this is dropped.
struct There {
    before: PathBuf,
    dir: TempDir,
    _turn: MutexGuard<'static, ()>,
}

impl There {
    fn go() -> Self {
        static TURN: Mutex<()> = Mutex::new(());
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let there = There {
            before: env::current_dir().unwrap(),
            dir: tempfile::tempdir().unwrap(),
            _turn: turn,
        };
        env::set_current_dir(&there.dir).unwrap();
        there
    }
}

impl Drop for There {
    fn drop(&mut self) {
        env::set_current_dir(&self.before).unwrap();
    }
}

#[resumable(name = "download", max_attempts = 5, backoff = Backoff::exponential("1s", "1m"), on_error = decide)]
async fn download(client: &reqwest::Client, urls: &[String], folder: &Path) -> anyhow::Result<()> {
    for url in urls {
        let answer = client.get(url).send().await?.error_for_status()?;
        let page = answer.bytes().await?;
        let name = url.rsplit('/').next().unwrap_or("index");
        publish(folder.join(name), |file| file.write_all(&page))?;
    }
    Ok(())
}

fn decide(error: &ErrorContext) -> Action {
    let status = error.downcast_ref::<reqwest::Error>().and_then(reqwest::Error::status);
    if status.is_some_and(|status| status.is_client_error()) {
        Action::DeadLetter
    } else {
        Action::Retry
    }
}

/// Starts a server that has no page `missing`, and answers the first request for `late` with an error.
fn server(asked: Arc<Mutex<Vec<String>>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let lines = BufReader::new(&stream).lines().map_while(Result::ok);
            let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
            let page = head[0].split(' ').nth(1).unwrap()[1..].to_owned();
            let mut asked = asked.lock().unwrap();
            let status = match &*page {
                "missing" => "404 Not Found",
                "late" if !asked.contains(&page) => "503 Service Unavailable",
                _ => "200 OK",
            };
            let length = page.len();
            let head = format!("HTTP/1.1 {status}\r\ncontent-length: {length}");
            write!(stream, "{head}\r\nconnection: close\r\n\r\n{page}").unwrap();
            asked.push(page);
        }
    });
    url
}

#[test]
fn a_page_is_tried_again_or_given_up() {
    // Another test may already have set the provider.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let there = There::go();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let server = server(asked.clone());
    let urls = ["a", "missing", "late", "b"].map(|page| format!("{server}/{page}"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(download(&reqwest::Client::new(), &urls, there.dir.path())).unwrap();
    assert_eq!(*asked.lock().unwrap(), ["a", "missing", "late", "late", "b"]);
    for page in ["a", "late", "b"] {
        assert_eq!(fs::read_to_string(page).unwrap(), page);
    }
    assert!(!fs::exists("missing").unwrap());
    let checkpoint = download::peek_checkpoint().unwrap().unwrap();
    let given_up = checkpoint.dead_letters().iter().next().unwrap();
    assert!(given_up.failure().message().contains("404"), "{}", given_up.failure());
}

mod rows {
    use safe_state::{commit, cursor, resumable};
    use sqlx_core::connection::Connection;
    use sqlx_sqlite::SqliteConnection;

    mod sqlx {
        pub(super) use sqlx_core::query::query;
        pub(super) use sqlx_core::query_as::query_as;
    }

    #[resumable(name = "totals", backend = "sqlite:orders.db", cursor = |(id, _)| *id, fresh(db))]
    async fn fill_totals(db: &mut SqliteConnection) -> anyhow::Result<()> {
        let after: Option<i64> = cursor!();
        let orders: Vec<(i64, i64)> =
            sqlx::query_as("SELECT id, quantity FROM orders WHERE id > ? ORDER BY id")
                .bind(after.unwrap_or(0))
                .fetch_all(&mut *db)
                .await?;
        for (id, quantity) in orders {
            let mut tx = db.begin().await?;
            sqlx::query("INSERT INTO totals VALUES (?, ?)")
                .bind(id)
                .bind(10 * quantity)
                .execute(&mut *tx)
                .await?;
            commit!(tx).await?;
        }
        Ok(())
    }

    async fn test() -> anyhow::Result<()> {
        let mut db = SqliteConnection::connect("sqlite:orders.db?mode=rwc").await?;
        let tables = "CREATE TABLE orders (id INTEGER PRIMARY KEY, quantity INTEGER);
            CREATE TABLE totals (id INTEGER PRIMARY KEY, total INTEGER CHECK (total < 100));
            INSERT INTO orders VALUES (1, 1), (2, 2), (3, 10), (4, 4)";
        sqlx_core::raw_sql::raw_sql(tables).execute(&mut db).await?;
        fill_totals(&mut db).await.unwrap_err();
        let checkpoint = fill_totals::peek_checkpoint()?.unwrap();
        assert_eq!(checkpoint.completed().to_string(), "0-1");
        sqlx::query("UPDATE orders SET quantity = 3 WHERE id = 3").execute(&mut db).await?;
        fill_totals(&mut db).await?;
        let totals: Vec<(i64, i64)> =
            sqlx::query_as("SELECT * FROM totals ORDER BY id").fetch_all(&mut db).await?;
        assert_eq!(totals, [(1, 10), (2, 20), (3, 30), (4, 40)]);
        Ok(())
    }

    #[test]
    fn rows_and_progress_are_there_together() {
        let _there = super::There::go();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(test()).unwrap();
    }
}

mod postgres_rows {
    use std::cell::RefCell;

    use safe_state::backend::tokio_postgres::{self, Client, NoTls};
    use safe_state::{Error, resumable};
    use safe_state_tests::servers::postgres_url;

    thread_local! {
        static REMINDED: RefCell<Vec<(i64, String)>> = const { RefCell::new(Vec::new()) };
    }

    async fn remind(id: i64, email: &str) -> anyhow::Result<()> {
        tokio::task::yield_now().await;
        anyhow::ensure!(email.contains('@'), "no address");
        REMINDED.with_borrow_mut(|done| done.push((id, email.to_owned())));
        Ok(())
    }

    #[resumable(name = "reminders", check = |row| (row.get::<_, i64>("id"), row.get::<_, String>("email")))]
    async fn remind_all(client: &Client) -> anyhow::Result<()> {
        let rows = client.query("SELECT id, email FROM customers ORDER BY id", &[]).await?;
        for row in rows {
            remind(row.get("id"), row.get("email")).await?;
        }
        Ok(())
    }

    async fn test() -> anyhow::Result<()> {
        let (client, connection) = tokio_postgres::connect(&postgres_url(), NoTls).await?;
        let connected = tokio::spawn(connection);
        let table = "CREATE TEMPORARY TABLE customers (id BIGINT PRIMARY KEY, email TEXT);
            INSERT INTO customers VALUES (1, 'a@x'), (2, 'b@x'), (3, 'c'), (4, 'd@x')";
        client.batch_execute(table).await?;
        remind_all(&client).await.unwrap_err();
        client.batch_execute("UPDATE customers SET email = 'c@x' WHERE id = 3").await?;
        client.batch_execute("UPDATE customers SET email = 'e@x' WHERE id = 2").await?;
        let error = remind_all(&client).await.unwrap_err();
        let changed = error.downcast_ref();
        assert!(matches!(changed, Some(Error::InputChanged { index: 1, .. })), "{error}");
        client.batch_execute("UPDATE customers SET email = 'b@x' WHERE id = 2").await?;
        remind_all(&client).await?;
        let done = REMINDED.take().into_iter().map(|(id, email)| format!("{id} {email}"));
        assert_eq!(done.collect::<Vec<_>>(), ["1 a@x", "2 b@x", "3 c@x", "4 d@x"]);
        drop(client);
        Ok(connected.await??)
    }

    #[test]
    fn rows_that_were_changed_are_noticed() {
        let _there = super::There::go();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(test()).unwrap();
    }
}
