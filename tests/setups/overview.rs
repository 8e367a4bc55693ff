//! Tests that one statement looks at many jobs on a server.

use std::sync::Arc;

use safe_state::backend::tokio_postgres::{Client, NoTls, connect};
use safe_state::backend::{
    Backend, Encrypted, EncryptionKeys, LeaseOptions, MemoryBackend, MySqlBackend, PostgresBackend,
};
use safe_state::{Job, Request, State, Status};
use safe_state_tests::servers::{Kind, Server, mysql_url};
use tokio::runtime::Runtime;

const MANY: usize = 10_000;

/// Returns the checkpoint of a job that has failed in its second item.
fn checkpoint(name: &str) -> Vec<u8> {
    let memory = Arc::new(MemoryBackend::default());
    let job = Job::new(name).backend(Arc::clone(&memory) as Arc<dyn Backend>);
    let fails = |item| {
        anyhow::ensure!(item != 1, "asked to fail");
        Ok(())
    };
    job.run(0..3, fails).unwrap_err();
    memory.load(name).unwrap().unwrap()
}

fn client(runtime: &Runtime, url: &str) -> Client {
    runtime.block_on(async {
        let (client, connection) = connect(url, NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    })
}

#[test]
fn ten_thousand_jobs_are_listed_by_one_query() {
    let server = Server::start(Kind::Postgres);
    let backend = PostgresBackend::new(&server.url()).unwrap();
    backend.save("0", &checkpoint("0")).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let client = client(&runtime, &server.url());
    let names: Vec<String> = (1..MANY).map(|number| number.to_string()).collect();
    let rows: Vec<Vec<u8>> = names.iter().map(|name| checkpoint(name)).collect();
    let insert = "INSERT INTO safe_state_records (job, number, record)
         SELECT job, 0, record FROM unnest($1::text[], $2::bytea[]) AS new (job, record)";
    runtime.block_on(client.execute(insert, &[&names, &rows])).unwrap();

    // The server counts each statement as a transaction of its own, and tells of them after the session has ended.
    let counted = || {
        let count = "SELECT xact_commit + xact_rollback, sessions FROM pg_stat_database
             WHERE datname = current_database()";
        let row = runtime.block_on(client.query_one(count, &[])).unwrap();
        (row.get::<_, i64>(0), row.get::<_, i64>(1))
    };
    let settled = || {
        let mut before = counted();
        loop {
            std::thread::sleep(std::time::Duration::from_millis(1500));
            let now = counted();
            if now.1 == before.1 {
                return now;
            }
            before = now;
        }
    };
    let before = settled();
    let listed = Status::list(&backend).unwrap();
    let after = settled();
    assert_eq!(listed.len(), MANY);
    assert!(listed.iter().all(|it| it.state == State::Failed && it.progress.completed == 1));
    let (statements, sessions) = (after.0 - before.0, after.1 - before.1);
    println!("{statements} transactions in {sessions} sessions, those that count them included");
    // The count includes the transactions of this test and of the server's own work.
    assert!(statements < 30 && sessions < 10, "{statements} transactions, {sessions} sessions");
}

/// Checks that an overview tells what a look at each job tells, of jobs that run, have been asked, and are large.
fn tells_the_same(backend: &Arc<dyn Backend>) {
    backend.save("small", &checkpoint("small")).unwrap();
    let large: Vec<u8> = vec![7; 1 << 19];
    backend.save("large", &large).unwrap();
    let mut run = Arc::clone(backend).lease("running", LeaseOptions::default()).unwrap();
    run.save(&checkpoint("running")).unwrap();
    let hashed = "x".repeat(300);
    backend.save(&hashed, &checkpoint(&hashed)).unwrap();
    for job in ["small", "later", &"y".repeat(300)] {
        Job::new(job).backend(Arc::clone(backend)).pause_because("night").unwrap();
    }
    let overview = backend.overview().unwrap().expect("one");
    assert_eq!(overview.list().unwrap(), backend.list().unwrap());
    assert_eq!(overview.listing().unwrap(), backend.listing().unwrap());
    assert_eq!(overview.listing().unwrap().not_begun().count(), 2);
    for job in backend.list().unwrap() {
        assert_eq!(overview.load(&job).unwrap(), backend.load(&job).unwrap(), "{job}");
        assert_eq!(overview.holder(&job).unwrap(), backend.holder(&job).unwrap(), "{job}");
    }
    assert!(overview.holder("running").unwrap().is_some());
    assert_eq!(overview.load("large").unwrap().unwrap(), large);
    let request = Request::load(&*overview, "small").unwrap();
    assert_eq!(request, Request::load(&**backend, "small").unwrap());
    assert!(request.is_some());
    overview.save("small", b"").unwrap_err();
}

#[test]
fn an_overview_tells_what_is_there() {
    let server = Server::start(Kind::Postgres);
    let empty: Arc<dyn Backend> = Arc::new(PostgresBackend::new(&server.url()).unwrap());
    assert!(empty.overview().unwrap().unwrap().list().unwrap().is_empty());
    tells_the_same(&empty);
    let keys = EncryptionKeys::new([7; 32]);
    let prefixed = PostgresBackend::new(&server.url()).unwrap().table_prefix("sealed").unwrap();
    tells_the_same(&(Arc::new(Encrypted::new(Arc::new(prefixed), keys)) as Arc<dyn Backend>));
    let mysql = MySqlBackend::new(&mysql_url()).unwrap().table_prefix("overview").unwrap();
    tells_the_same(&(Arc::new(mysql) as Arc<dyn Backend>));
}
