//! Connections that keep the offline promise: every address is checked after its name was resolved and before anything is
//! sent. There is no proxy and no redirect to get around it, since nothing here reads or follows either.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::Uri;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

/// The address is not one of this machine's loopback addresses.
#[derive(Debug, thiserror::Error)]
#[error("{host} is {address}, which is not on this machine")]
pub(crate) struct NotLoopback {
    pub(crate) host: String,
    address: IpAddr,
}

/// Opens TCP connections to where it is allowed to.
#[derive(Debug, Clone)]
pub(crate) struct Connector {
    pub(crate) allow_remote: bool,
    pub(crate) connect_timeout: Duration,
}

impl tower_service::Service<Uri> for Connector {
    type Response = TokioIo<TcpStream>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connector = self.clone();
        Box::pin(async move {
            let limit = connector.connect_timeout;
            match timeout(limit, connector.connect(&uri)).await {
                Ok(connected) => connected,
                Err(_) => Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    format!("no connection within {} s", limit.as_secs_f32()),
                )),
            }
        })
    }
}

impl Connector {
    async fn connect(&self, uri: &Uri) -> io::Result<TokioIo<TcpStream>> {
        let host = bare_host(uri).ok_or_else(|| io::Error::other("the address names no host"))?;
        let port = uri
            .port_u16()
            .unwrap_or(if is_https(uri) { 443 } else { 80 });
        let addresses: Vec<SocketAddr> = lookup_host((host, port)).await?.collect();
        // One foreign address is enough to refuse: which of them answers is not ours to decide.
        if !self.allow_remote {
            for address in &addresses {
                check_loopback(host, address.ip()).map_err(io::Error::other)?;
            }
        }
        let mut last = io::Error::new(io::ErrorKind::NotFound, format!("{host} has no address"));
        for address in addresses {
            match TcpStream::connect(address).await {
                Ok(stream) => {
                    stream.set_nodelay(true)?;
                    return Ok(TokioIo::new(stream));
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

pub(crate) fn is_https(uri: &Uri) -> bool {
    uri.scheme_str() == Some("https")
}

/// The host without the brackets of an IPv6 address.
pub(crate) fn bare_host(uri: &Uri) -> Option<&str> {
    let host = uri.host()?;
    Some(
        host.strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
            .unwrap_or(host),
    )
}

pub(crate) fn check_loopback(host: &str, address: IpAddr) -> Result<(), NotLoopback> {
    if address.to_canonical().is_loopback() {
        Ok(())
    } else {
        Err(NotLoopback {
            host: host.to_owned(),
            address,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_addresses_are_on_this_machine() {
        for here in ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"] {
            assert!(check_loopback("h", here.parse().unwrap()).is_ok(), "{here}");
        }
        for away in [
            "0.0.0.0",
            "192.0.2.1",
            "10.0.0.1",
            "::",
            "::ffff:192.0.2.1",
            "fe80::1",
        ] {
            assert!(
                check_loopback("h", away.parse().unwrap()).is_err(),
                "{away}"
            );
        }
    }
}
