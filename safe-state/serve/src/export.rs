//! The page of one job as files, for readers without a server.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use safe_state_backends::{Backend, Press};
use safe_state_report::Report;
use serde::Serialize;

use crate::detail::{Detail, GivenUp};
use crate::files::{FILES, INDEX, LICENCE};
use crate::{Error, encoded};

/// The file with the data that the page otherwise gets from a server.
const DATA: &str = "data.js";
const LOADS: &str = "<script src=\"words.js\" defer></script>";
/// The policy for the exported page, which a server sends in a header. A page that is opened as a file does not have
/// the same origin as the files beside it in every browser.
const CHARSET: &str = "<meta charset=\"utf-8\">";
const POLICY: &str = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'self' file:; base-uri 'none'; form-action 'none'; object-src 'none'\">";

#[derive(Serialize)]
struct Exported {
    job: String,
    detail: Detail,
    letters: GivenUp,
    presses: Vec<Press>,
    /// The name of the report's file, if the last run has failed.
    report: Option<&'static str>,
}

/// Writes a job's page into a folder, with its plots and reports. Returns the file to open. The page needs no server,
/// and shows the job as it is now.
///
/// ```
/// use std::sync::Arc;
/// use safe_state::serve::export;
/// use safe_state::{FileBackend, Job};
///
/// # let dir = tempfile::tempdir()?;
/// # let (state, out) = (dir.path().join("state"), dir.path().join("mail"));
/// let job = Job::new("mail").state_dir(&state);
/// job.run(0..8, |item| if item < 5 { Ok(()) } else { Err(std::io::Error::other("no such box")) }).unwrap_err();
///
/// let page = export(&(Arc::new(FileBackend::new(&state)) as _), "mail", &out)?;
/// assert!(page.ends_with("index.html") && out.join("report.html").exists());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// The job does not exist, the backend cannot be read, or a file cannot be written.
pub fn export(backend: &Arc<dyn Backend>, job: &str, folder: &Path) -> Result<PathBuf, Error> {
    let found = Detail::at_once(&**backend, job)?;
    let (detail, look) = found.ok_or_else(|| Error::NoSuchJob { job: job.to_owned() })?;
    let unwritten = |path: &Path| {
        let path = path.to_owned();
        move |source| Error::Write { path, source }
    };
    fs::create_dir_all(folder).map_err(unwritten(folder))?;
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        fs::write(&path, bytes).map_err(unwritten(&path))
    };
    for file in FILES.iter().chain([&LICENCE]) {
        write(file.name, file.bytes)?;
    }
    let report = Report::of(&look.checkpoint);
    if let Some(report) = &report {
        write("report.html", report.to_html().as_bytes())?;
    }
    let letters = GivenUp::of(job, look.checkpoint.dead_letters(), 0, usize::MAX);
    let presses = Press::load(&**backend, job)?;
    let report = report.map(|_| "report.html");
    let exported = Exported { job: job.to_owned(), detail, letters, presses, report };
    // Serialising our own types cannot fail.
    let data = serde_json::to_string(&exported).unwrap_or_default();
    write(DATA, format!("window.exported = {data};\n").as_bytes())?;
    let index = String::from_utf8_lossy(INDEX.bytes);
    let index = index.replacen(CHARSET, &format!("{CHARSET}\n{POLICY}"), 1);
    let index =
        index.replacen(LOADS, &format!("<script src=\"{DATA}\" defer></script>\n{LOADS}"), 1);
    write(INDEX.name, index.as_bytes())?;
    tracing::debug!(job = encoded(job), "exported");
    Ok(folder.join(INDEX.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_the_places_that_an_export_changes() {
        let index = std::str::from_utf8(INDEX.bytes).unwrap();
        assert_eq!((index.matches(LOADS).count(), index.matches(CHARSET).count()), (1, 1));
    }
}
