//! The place where the jobs are stored.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use safe_state_backends::{Backend, Lease, LeaseOptions, redacted};
#[cfg(feature = "encrypt")]
use safe_state_backends::{Encrypted, EncryptionKeys};
use safe_state_base::place::{DEFAULT_STATE_DIR, from_environment};
use safe_state_base::status::look::Look;
use safe_state_base::url::from_url;

use super::exit::Failed;

/// The heading of the options that every command has.
pub(super) const EVERYWHERE: &str = "Options of every command";

/// Where the jobs are, as the command line says it.
#[derive(Args, Clone, Debug)]
pub(super) struct Place {
    /// The backend by its URL; by default that of `$SAFE_STATE_BACKEND`, else the files in `--dir`.
    #[arg(long, value_name = "URL", global = true, help_heading = EVERYWHERE, conflicts_with = "dir")]
    backend: Option<String>,
    /// The directory of the files; by default `$SAFE_STATE_DIR`, else `.safe_state`.
    #[arg(long, value_name = "DIR", global = true, help_heading = EVERYWHERE)]
    dir: Option<PathBuf>,
}

impl Place {
    /// Returns the backend that the jobs are stored in.
    pub(super) fn backend(&self) -> Result<Arc<dyn Backend>, Failed> {
        let backend = self.backend.as_ref().map(|url| from_url(url).map_err(Arc::new));
        let dir = self.dir.clone().filter(|_| backend.is_none());
        let place = safe_state_base::Place { dir, backend, page_dir: None };
        with_key(place.backend("")?)
    }

    /// Returns what is stored of a job, and who runs it.
    pub(super) fn look(&self, job: &str) -> Result<Look, Failed> {
        Look::at(&*self.backend()?, job)?.ok_or_else(|| self.no_such(job))
    }

    /// Takes the job's lease, which is the right to change what is stored of it. Fails while the job runs.
    pub(super) fn lease(&self, job: &str) -> Result<Box<dyn Lease>, Failed> {
        Ok(self.backend()?.lease(job, LeaseOptions::default())?)
    }

    pub(super) fn no_such(&self, job: &str) -> Failed {
        let advice = self.advice(job);
        Failed::nothing(format!(
            "there is no checkpoint of job `{job}` in `{self}`: it has never run, or has finished and kept none; {advice}"
        ))
    }

    /// Returns advice for a name that no job has.
    pub(super) fn advice(&self, job: &str) -> String {
        let jobs = self.backend().and_then(|backend| Ok(backend.list()?)).unwrap_or_default();
        let near = jobs.iter().filter(|other| strsim::jaro_winkler(other, job) > 0.8);
        let near = near
            .max_by(|a, b| strsim::jaro_winkler(a, job).total_cmp(&strsim::jaro_winkler(b, job)));
        match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`safe-state list` shows what is there".to_owned(),
        }
    }
}

/// Returns a backend that also reads encrypted checkpoints, if the environment names a file of keys. Plain checkpoints
/// stay readable.
#[cfg(feature = "encrypt")]
fn with_key(backend: Arc<dyn Backend>) -> Result<Arc<dyn Backend>, Failed> {
    let Some(file) = from_environment("SAFE_STATE_KEY_FILE") else { return Ok(backend) };
    let keys = EncryptionKeys::from_file(&file)?;
    Ok(Arc::new(Encrypted::new(backend, keys.leave_plain())))
}

#[cfg(not(feature = "encrypt"))]
fn with_key(backend: Arc<dyn Backend>) -> Result<Arc<dyn Backend>, Failed> {
    match from_environment("SAFE_STATE_KEY_FILE") {
        Some(_) => Err(Failed::new(
            "`$SAFE_STATE_KEY_FILE` is set, and this command was built without the feature `encrypt`",
        )),
        None => Ok(backend),
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let url = self.backend.clone().or_else(|| {
            let url = from_environment("SAFE_STATE_BACKEND").filter(|_| self.dir.is_none());
            url.map(|url| url.to_string_lossy().into_owned())
        });
        if let Some(url) = url {
            return f.write_str(&redacted(&url));
        }
        let dir = self.dir.clone().or_else(|| from_environment("SAFE_STATE_DIR").map(Into::into));
        write!(f, "{}", dir.unwrap_or_else(|| DEFAULT_STATE_DIR.into()).display())
    }
}
