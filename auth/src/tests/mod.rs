//! What the whole service promises, over HTTP.

mod busy;
mod database_away;
mod independent_client;

use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::testing::TestService;

/// A service that can be reached over HTTP, until dropped.
struct Served {
    service: TestService,
    /// Also the issuer.
    url: String,
    _running: DropGuard,
}

impl Served {
    async fn start(variables: &[(&str, &str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let variables: Vec<_> = variables.iter().copied().chain([("AUTH_ISSUER", url.as_str())]).collect();
        let service = TestService::start(&variables).await;
        let shutdown = CancellationToken::new();
        let drain = std::time::Duration::from_secs(1);
        tokio::spawn(common::service::serve(listener, service.router.clone(), shutdown.clone(), drain));
        Self { service, url, _running: shutdown.drop_guard() }
    }

    fn client(&self) -> reqwest::Client {
        let url = self.url.parse().expect("a URL");
        common::http::client(&url, std::time::Duration::from_secs(30)).expect("a client")
    }
}
