//! The source of a connection, and the server's notices on it.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_postgres::{AsyncMessage, CancelToken, Client, Config, Connection, Error};

use crate::network::Trouble;
#[cfg(feature = "postgres-tls")]
use crate::network::ssl::Ssl;

#[derive(Clone)]
pub(super) enum Source {
    Url {
        place: String,
        config: Box<Config>,
        #[cfg(feature = "postgres-tls")]
        ssl: Ssl,
    },
    Own(Arc<Connecting>),
}

pub(super) type Connecting = dyn Fn() -> Opening + Send + Sync;
type Opening = Pin<Box<dyn Future<Output = Result<Client, Error>>>>;

/// The notices of the server about commits on a connection.
#[derive(Clone, Debug, Default)]
pub(super) struct Said {
    is_unreplicated: Arc<AtomicBool>,
}

/// The routine in the server's source that issues the notice; its message may be in any language.
const WAITS_FOR_STANDBYS: &str = "SyncRepWaitForLSN";

impl Said {
    /// Returns whether a commit since the last call may be missing on a standby that it waited for.
    pub(super) fn unreplicated(&self) -> bool {
        self.is_unreplicated.swap(false, Ordering::Relaxed)
    }
}

impl Source {
    pub(super) async fn open(&self) -> Result<(Client, Said), Trouble> {
        let said = Said::default();
        let client = match self {
            Source::Own(open) => open().await?,
            #[cfg(feature = "postgres-tls")]
            Source::Url { config, ssl, .. } => {
                let (client, connection) = config.connect(super::tls::connector(ssl)?).await?;
                tokio::spawn(drive(connection, said.clone()));
                client
            }
            #[cfg(not(feature = "postgres-tls"))]
            Source::Url { config, .. } => {
                let (client, connection) = config.connect(tokio_postgres::NoTls).await?;
                tokio::spawn(drive(connection, said.clone()));
                client
            }
        };
        Ok((client, said))
    }

    /// Asks the server to cancel the statement that runs on a connection.
    pub(super) async fn cancel(&self, token: CancelToken) -> Result<(), Trouble> {
        match self {
            #[cfg(feature = "postgres-tls")]
            Source::Url { ssl, .. } => token.cancel_query(super::tls::connector(ssl)?).await?,
            _ => token.cancel_query(tokio_postgres::NoTls).await?,
        }
        Ok(())
    }
}

/// Drives a connection to its end, and notes the notices about commits.
async fn drive<S, T>(mut connection: Connection<S, T>, said: Said)
where
    S: AsyncRead + AsyncWrite + Unpin,
    T: AsyncRead + AsyncWrite + Unpin,
{
    while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
        if let AsyncMessage::Notice(notice) = message
            && notice.routine() == Some(WAITS_FOR_STANDBYS)
        {
            said.is_unreplicated.store(true, Ordering::Relaxed);
        }
    }
}
