//! Whether an HTTP server on this machine answers.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// Whether `GET path` is answered with 200.
///
/// Only the status line is looked at, so a request of one line does without a client library.
pub(crate) async fn is_ok(address: SocketAddr, path: &str) -> bool {
    tokio::time::timeout(PATIENCE, status(address, path)).await.is_ok_and(|status| status == Some(200))
}

async fn status(address: SocketAddr, path: &str) -> Option<u16> {
    let mut stream = TcpStream::connect(address).await.ok()?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.ok()?;
    // `HTTP/1.1 200`
    let mut line = [0; 12];
    stream.read_exact(&mut line).await.ok()?;
    std::str::from_utf8(&line[9..]).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use axum::{Router, http::StatusCode, routing::get};

    use super::*;

    #[tokio::test]
    async fn only_200_is_well() {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        assert!(!is_ok(address, "/nothing-accepts-yet").await);
        let router = Router::new()
            .route("/well", get(|| async { "OK" }))
            .route("/ill", get(|| async { StatusCode::SERVICE_UNAVAILABLE }));
        let server = tokio::spawn(async move { axum::serve(listener, router).await });
        assert!(is_ok(address, "/well").await);
        assert!(!is_ok(address, "/ill").await);
        server.abort();
    }
}
