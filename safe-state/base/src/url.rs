//! Backends by URL, so that a setting outside of the program says where its checkpoints are stored.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use safe_state_backends::{
    Backend, BackendOrUrl, Error, FileBackend, IntoBackend, MemoryBackend, redacted,
};

/// Each scheme, with the feature that its backend needs, if any.
const SCHEMES: &[(&str, Option<&str>)] = &[
    ("file", None),
    ("memory", None),
    ("sqlite", Some("sqlite")),
    ("postgres", Some("postgres")),
    ("mysql", Some("mysql")),
    ("redis", Some("redis")),
    ("rediss", Some("redis-tls")),
    ("redis+sentinel", Some("redis")),
    ("rediss+sentinel", Some("redis-tls")),
    ("s3", Some("s3")),
    ("gs", Some("gcs")),
    ("az", Some("azure")),
];

/// Creates the backend that a URL names. Opens no file and no connection yet.
///
/// | URL | feature | the backend |
/// | --- | --- | --- |
/// | `file:DIR`, `file:///DIR` | | a [`FileBackend`] in that directory |
/// | `memory:`, `memory:NAME` | | a [`MemoryBackend`], one for each name in the process |
/// | `sqlite:FILE`, `sqlite:///FILE` | `sqlite` | a `SqliteBackend` in that file |
/// | `postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=MODE` | `postgres` | a `PostgresBackend` |
/// | `mysql://USER:PASSWORD@HOST:PORT/DATABASE?ssl-mode=MODE` | `mysql` | a `MySqlBackend` |
/// | `redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE]`, `rediss:` with TLS | `redis`, `redis-tls` | a `RedisBackend` |
/// | `redis+sentinel://HOST:PORT,HOST:PORT/MASTER[/DATABASE]` | `redis` | a `RedisBackend`, by Sentinel |
/// | `s3://BUCKET/PREFIX?region=REGION&endpoint=URL` | `s3` | an `ObjectStoreBackend` |
/// | `gs://BUCKET/PREFIX` | `gcs` | an `ObjectStoreBackend` |
/// | `az://CONTAINER/PREFIX` | `azure` | an `ObjectStoreBackend` |
///
/// A path is taken as it is written, without escapes. A path behind slashes must have three of them, and is absolute.
///
/// ```
/// let backend = safe_state_base::url::from_url("file:state")?;
/// assert_eq!(backend.path("job").unwrap(), std::path::Path::new("state/job.safestate"));
///
/// let error = safe_state_base::url::from_url("floppy:a").err().unwrap();
/// assert!(error.to_string().contains("expected one of `file`, `memory`, `sqlite`"), "{error}");
/// # Ok::<(), safe_state_backends::Error>(())
/// ```
///
/// # Errors
///
/// The scheme is unknown, its feature is off, or the rest of the URL is invalid. The error shows the URL without its user,
/// password and query.
pub fn from_url(url: &str) -> Result<Arc<dyn Backend>, Error> {
    let refused = |reason| Error::Url { url: redacted(url), reason };
    let Some((scheme, rest)) = url.split_once(':') else {
        return Err(refused(format!(
            "it has no scheme; for a directory write `file:DIR`, for a database of SQLite `sqlite:FILE`; {}",
            expected()
        )));
    };
    match scheme {
        "file" => Ok(Arc::new(FileBackend::new(path(rest).map_err(refused)?))),
        "memory" => Ok(memory(rest)),
        #[cfg(feature = "sqlite")]
        "sqlite" => {
            let backend = safe_state_backends::SqliteBackend::new(path(rest).map_err(refused)?);
            backend.check_path()?;
            Ok(Arc::new(backend))
        }
        #[cfg(feature = "postgres-backend")]
        "postgres" => Ok(Arc::new(safe_state_servers::PostgresBackend::new(url)?)),
        #[cfg(feature = "mysql-backend")]
        "mysql" => Ok(Arc::new(safe_state_servers::MySqlBackend::new(url)?)),
        #[cfg(feature = "redis-backend")]
        "redis" | "rediss" | "redis+sentinel" | "rediss+sentinel" => {
            Ok(Arc::new(safe_state_servers::RedisBackend::new(url)?))
        }
        #[cfg(feature = "s3")]
        "s3" => Ok(Arc::new(safe_state_servers::ObjectStoreBackend::from_url(url)?)),
        #[cfg(feature = "gcs")]
        "gs" => Ok(Arc::new(safe_state_servers::ObjectStoreBackend::from_url(url)?)),
        #[cfg(feature = "azure")]
        "az" => Ok(Arc::new(safe_state_servers::ObjectStoreBackend::from_url(url)?)),
        scheme => Err(refused(unknown(scheme))),
    }
}

/// Returns the backend that a value is, or that its URL names; see [`from_url`].
///
/// # Errors
///
/// Fails as [`from_url`] does, or with the error in the value.
pub fn open(backend: impl IntoBackend) -> Result<Arc<dyn Backend>, Error> {
    match backend.into_backend()? {
        BackendOrUrl::Backend(backend) => Ok(backend),
        BackendOrUrl::Url(url) => from_url(&url),
    }
}

fn memory(name: &str) -> Arc<MemoryBackend> {
    static NAMED: Mutex<BTreeMap<String, Arc<MemoryBackend>>> = Mutex::new(BTreeMap::new());
    let mut named = NAMED.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(named.entry(name.to_owned()).or_default())
}

fn path(rest: &str) -> Result<PathBuf, String> {
    let path = rest.strip_prefix("//").unwrap_or(rest);
    match path {
        "" => Err("it names no path".to_owned()),
        path if path.len() < rest.len() && !path.starts_with('/') => {
            Err("two slashes are followed by a host, and there is none; write one, or three"
                .to_owned())
        }
        path => Ok(path.into()),
    }
}

fn unknown(scheme: &str) -> String {
    match SCHEMES.iter().find(|(known, _)| *known == scheme) {
        Some((_, Some(feature))) => {
            format!("turn on the feature `{feature}` of `safe-state` for it")
        }
        _ => format!("there is no scheme `{scheme}`; {}", expected()),
    }
}

fn expected() -> String {
    let schemes: Vec<String> = SCHEMES.iter().map(|(scheme, _)| format!("`{scheme}`")).collect();
    format!("expected one of {}", schemes.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(url: &str) -> String {
        let Err(error) = from_url(url) else { panic!("{url} was taken") };
        error.to_string()
    }

    #[test]
    fn files_are_where_the_url_says() {
        for (url, path) in [
            ("file:state", "state/job.safestate"),
            ("file:/var/state", "/var/state/job.safestate"),
            ("file:///var/state", "/var/state/job.safestate"),
        ] {
            let backend = from_url(url).unwrap();
            assert_eq!(backend.path("job").as_deref(), Some(path.as_ref()), "{url}");
        }
        assert!(refusal("file:").contains("no path"));
        assert!(refusal("file://state").contains("one, or three"));
    }

    #[test]
    fn memory_is_one_for_each_name() {
        from_url("memory:url-a").unwrap().save("job", b"a").unwrap();
        assert!(from_url("memory:url-a").unwrap().exists("job").unwrap());
        assert!(!from_url("memory:url-b").unwrap().exists("job").unwrap());
    }

    #[test]
    fn what_is_wrong_is_said_and_no_password() {
        assert!(refusal("nothing").contains(
            "it has no scheme; for a directory write `file:DIR`, for a database of SQLite `sqlite:FILE`; expected one of `file`"
        ));
        assert!(refusal("floppy:a").contains("there is no scheme `floppy`"));
        #[cfg(not(feature = "sqlite"))]
        assert!(refusal("sqlite:a").contains("turn on the feature `sqlite`"));
        let text = refusal("floppy://me:secret@host/db?password=secret");
        assert!(text.contains("`floppy://...@host/db`") && !text.contains("secret"), "{text}");
    }
}
