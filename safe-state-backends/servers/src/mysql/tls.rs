//! TLS for connections by URL.

use mysql_async::{Conn, DriverError, Error, Opts, OptsBuilder, SslOpts};
use rustls::crypto::{CryptoProvider, ring};

use crate::network::Trouble;
use crate::network::authorities::authorities;
use crate::network::ssl::{Ssl, SslMode};

pub(super) async fn open(opts: &Opts, ssl: &Ssl) -> Result<Conn, Trouble> {
    if ssl.mode == SslMode::Disable {
        return Ok(Conn::new(opts.clone()).await?);
    }
    let secure = OptsBuilder::from_opts(opts.clone()).ssl_opts(options(ssl)?);
    match Conn::new(secure).await {
        Err(Error::Driver(DriverError::NoClientSslFlagFromServer))
            if ssl.mode == SslMode::Prefer =>
        {
            Ok(Conn::new(opts.clone()).await?)
        }
        opened => Ok(opened?),
    }
}

fn options(ssl: &Ssl) -> Result<SslOpts, Trouble> {
    // The driver takes the provider of the process, and panics if two are built in and none was chosen. A choice of the program
    // is kept.
    if CryptoProvider::get_default().is_none() {
        let _ = ring::default_provider().install_default();
    }
    if !ssl.verifies() {
        // The driver requires trusted authorities even if none is asked.
        return Ok(SslOpts::default().with_danger_accept_invalid_certs(true));
    }
    let trusted = authorities(ssl)?.into_iter().map(|one| one.to_vec().into()).collect();
    Ok(SslOpts::default().with_disable_built_in_roots(true).with_root_certs(trusted))
}
