//! Tests futures that are dropped while a transaction is being committed.

use std::sync::{Arc, Mutex};

use rusqlite::Connection;
use safe_state::commit::{AsyncTransaction, CommitError, Dialect, Statement};
use safe_state::{Error, commit, resumable};
use tokio::sync::Notify;

use super::{Base, BoxError, End, put_in, run_statement};

/// A transaction of an async driver of one's own. Its commit never answers unless it ends well.
struct Mute {
    connection: Arc<Mutex<Connection>>,
    end: End,
    /// Notified when the transaction will give no answer.
    silent: Arc<Notify>,
}

impl Mute {
    fn execute(&self, statement: &str) -> rusqlite::Result<()> {
        self.connection.lock().unwrap().execute_batch(statement)
    }
}

impl AsyncTransaction for Mute {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    async fn run(&mut self, statement: &Statement) -> Result<(), BoxError> {
        Ok(run_statement(&self.connection.lock().unwrap(), statement)?)
    }

    async fn commit(self) -> Result<(), BoxError> {
        if self.end != End::Broken {
            Mute::execute(&self, "COMMIT")?;
        }
        if self.end != End::Well {
            self.silent.notify_one();
            std::future::pending::<()>().await;
        }
        Ok(())
    }

    async fn rollback(self) -> Result<(), BoxError> {
        Ok(Mute::execute(&self, "ROLLBACK")?)
    }
}

impl Drop for Mute {
    fn drop(&mut self) {
        let connection = self.connection.lock().unwrap();
        if !connection.is_autocommit() {
            connection.execute_batch("ROLLBACK").unwrap();
        }
    }
}

/// The database and the connection that the jobs here share.
struct Setting {
    base: Base,
    connection: Arc<Mutex<Connection>>,
    silent: Arc<Notify>,
}

impl Setting {
    fn new() -> Self {
        let base = Base::new();
        let connection = Arc::new(Mutex::new(base.connection()));
        Setting { base, connection, silent: Arc::default() }
    }

    /// Begins a transaction that inserts a row.
    fn begin(&self, item: i64, end: End) -> rusqlite::Result<Mute> {
        let (connection, silent) = (Arc::clone(&self.connection), Arc::clone(&self.silent));
        let tx = Mute { connection, end, silent };
        tx.execute("BEGIN IMMEDIATE")?;
        put_in(&self.connection.lock().unwrap(), item)?;
        Ok(tx)
    }
}

/// Runs six items; the transaction of item 2 ends by `end`.
#[resumable(name = "silent", backend = setting.base.backend(), carry(sum), fresh(end))]
async fn silent(setting: &Setting, end: End) -> anyhow::Result<i64> {
    let mut sum = 0;
    #[resume]
    for item in 0..6 {
        sum += item;
        let tx = setting.begin(item, if item == 2 { end } else { End::Well })?;
        commit!(tx).await?;
    }
    Ok(sum)
}

#[tokio::test]
async fn a_job_that_is_dropped_goes_on_behind_what_was_committed() {
    for end in [End::Lost, End::Broken] {
        let setting = Setting::new();
        tokio::select! {
            ended = silent(&setting, end) => panic!("{ended:?}"),
            () = setting.silent.notified() => {}
        }
        let committed = if end == End::Lost { 3 } else { 2 };
        assert_eq!(setting.base.completed("silent"), committed);
        assert_eq!(silent(&setting, End::Well).await.unwrap(), 15);
        assert_eq!(setting.base.rows(), [0, 1, 2, 3, 4, 5], "{end:?}");
    }
}

/// Runs six items; the transaction of item 2 ends by `end`, and the job goes on without waiting for its answer.
#[resumable(name = "impatient", backend = setting.base.backend(), save_every = 2, carry(sum), fresh(end))]
async fn impatient(setting: &Setting, end: End) -> anyhow::Result<i64> {
    let mut sum = 0;
    #[resume]
    for item in 0..6 {
        sum += item;
        let tx = setting.begin(item, if item == 2 { end } else { End::Well })?;
        let committed = commit!(tx);
        tokio::select! {
            committed = committed => committed?,
            () = setting.silent.notified() => {}
        }
    }
    Ok(sum)
}

#[tokio::test]
async fn a_job_that_does_not_wait_for_the_answer_ends() {
    for end in [End::Lost, End::Broken] {
        let setting = Setting::new();
        let error = impatient(&setting, end).await.unwrap_err();
        let Some(Error::Commit { commit: CommitError::InDoubt, .. }) = error.downcast_ref() else {
            panic!("{error:?}");
        };
        assert_eq!(impatient(&setting, End::Well).await.unwrap(), 15);
        assert_eq!(setting.base.rows(), [0, 1, 2, 3, 4, 5], "{end:?}");
    }
}
