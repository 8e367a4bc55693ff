//! `safe-state serve`: shows the jobs in a browser.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use clap::Args;
use safe_state_backends::write_named;
use safe_state_serve::{Error, Options, Server, export};
use serde::Serialize;

use super::escape;
use super::exit::Failed;
use super::place::Place;
use super::screen::{Screen, Shown};

/// Shows the jobs in a browser, live, with buttons for what the command can do.
///
/// It prints the address, with a token that the buttons need. Without it, the page only reads. It goes on until it is
/// interrupted.
#[derive(Args, Debug)]
pub(super) struct Serve {
    /// The job to show first.
    job: Option<String>,
    /// The address to listen on; with the port 0, any that is free.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Another name that this machine is reached by, as behind a proxy; may be given more than once.
    #[arg(long, value_name = "NAME")]
    host: Vec<String>,
    /// The header in which a proxy says who has logged in: it is kept with what they press.
    #[arg(long, value_name = "HEADER")]
    user_header: Option<String>,
    /// Without buttons.
    #[arg(long)]
    read_only: bool,
    /// Opens it in the browser.
    #[arg(long)]
    open: bool,
    /// Writes the job's page into a folder instead, to be opened without a server.
    #[arg(long, value_name = "FOLDER", requires = "job", conflicts_with_all = ["open", "host", "user_header", "read_only"])]
    out: Option<PathBuf>,
}

#[derive(Serialize)]
struct Served {
    /// The address that the server listens on.
    address: SocketAddr,
    /// The link to open, with the token.
    link: String,
    #[serde(skip)]
    place: String,
}

#[derive(Serialize)]
struct Exported {
    written: String,
}

impl Serve {
    pub(super) fn run(self, place: &Place, screen: &Screen) -> Result<(), Failed> {
        let backend = place.backend()?;
        if let (Some(folder), Some(job)) = (&self.out, &self.job) {
            let written = export(&backend, job, folder).map_err(|error| match error {
                Error::NoSuchJob { job } => place.no_such(&job),
                error => failed(error),
            })?;
            return screen.show(&Exported { written: written.display().to_string() });
        }
        let mut options = Options::default();
        options.listen = self.listen;
        options.hosts = self.host;
        options.user_header = self.user_header;
        options.read_only = self.read_only;
        options.place = place.to_string();
        let server = Server::bind(backend, options).map_err(failed)?;
        let link = server.link(self.job.as_deref());
        let told = Served { address: server.address(), link, place: place.to_string() };
        screen.show(&told)?;
        if self.open {
            open(&told.link, screen);
        }
        server.run().map_err(failed)
    }
}

/// The command that opens a file as the desktop does.
const OPENER: &str = if cfg!(target_os = "macos") {
    "open"
} else if cfg!(windows) {
    "explorer"
} else {
    "xdg-open"
};
/// The time that a browser has to read the file that leads it to the page.
const READ: Duration = Duration::from_secs(30);

/// Opens the page in the browser, by a file that only its owner may read: every user can see a command line.
fn open(link: &str, screen: &Screen) {
    let path = std::env::temp_dir().join(format!("safe-state-{}.html", std::process::id()));
    // The link contains only letters, digits and signs that have no meaning in HTML.
    let page = format!("<!doctype html><meta http-equiv=\"refresh\" content=\"0; url={link}\">\n");
    let opened = write_named(&path, page.as_bytes()).and_then(|()| {
        let mut command = Command::new(OPENER);
        command.arg(&path).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn()
    });
    match opened {
        Err(error) => screen.note(&format!("cannot open a browser by `{OPENER}`: {error}")),
        Ok(mut opening) => {
            let begun = thread::Builder::new().name("opening".to_owned()).spawn(move || {
                // The user sees whether a browser was found.
                let _ = opening.wait();
                thread::sleep(READ);
                let _ = std::fs::remove_file(path);
            });
            if let Err(error) = begun {
                screen.note(&format!("cannot start a thread: {error}"));
            }
        }
    }
}

fn failed(error: Error) -> Failed {
    match error {
        Error::Backend(error) => error.into(),
        error => Failed::new(safe_state_backends::one_line(&error)),
    }
}

impl Shown for Served {
    fn text(&self) -> String {
        let (place, link) = (escape::line(&self.place), escape::line(&self.link));
        format!("the jobs in `{place}` are at {link}\n")
    }
}

impl Shown for Exported {
    fn text(&self) -> String {
        format!("written to `{}`\n", escape::line(&self.written))
    }
}
