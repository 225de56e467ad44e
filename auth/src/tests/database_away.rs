//! The database is cut off while people work.

use std::time::Duration;

use axum::http::{StatusCode, header};
use testkit::{postgres::Database, tcp_proxy::TcpProxy};
use tokio::time::Instant;

use crate::{
    persistence::postgres::MIGRATOR,
    testing::{PASSWORD, TestService},
};

struct Fixture {
    service: TestService,
    wire: TcpProxy,
    token: String,
    _database: Database,
}

impl Fixture {
    async fn new() -> Self {
        let database = Database::create(&MIGRATOR).await;
        let options = database.options();
        let server = format!("{}:{}", options.get_host(), options.get_port());
        let wire = TcpProxy::start(&server).await.expect("a wire");
        let url = database.url().replace(&server, &wire.address().to_string());
        assert!(url.contains(&wire.address().to_string()), "{url}");
        let service = TestService::start(&[
            ("DATABASE_URL", &url),
            ("AUTH_KEY_SECRET", "a secret of more than 32 characters"),
            // What is under way when the database stops answering is given up then.
            ("REQUEST_TIMEOUT_SECONDS", "4"),
        ])
        .await;
        service.user("ada@example.org", &["listener"]).await;
        let token = service.login("ada@example.org", PASSWORD).await.access_token();
        Self { service, wire, token, _database: database }
    }

    async fn me(&self) -> StatusCode {
        let answer = self.service.get("/me", &self.token).await;
        if answer.status == StatusCode::SERVICE_UNAVAILABLE {
            assert!(answer.headers.contains_key(header::RETRY_AFTER), "{answer:?}");
            assert!(answer.body["code"].is_string(), "{answer:?}");
        }
        answer.status
    }

    /// How long it takes until the service works again.
    async fn recovery(&self) -> Duration {
        let mended = Instant::now();
        self.wire.mend();
        while self.me().await != StatusCode::OK {
            assert!(mended.elapsed() < Duration::from_secs(5), "not back within 5 s");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        mended.elapsed()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_cut_off_is_503_and_comes_back_without_a_restart() {
    let fixture = Fixture::new().await;
    assert_eq!(fixture.me().await, StatusCode::OK);
    fixture.wire.cut();
    for _ in 0..3 {
        let asked = Instant::now();
        assert_eq!(fixture.me().await, StatusCode::SERVICE_UNAVAILABLE);
        assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
    }
    fixture.recovery().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_hangs_is_503_and_comes_back_without_a_restart() {
    let fixture = Fixture::new().await;
    fixture.wire.stall();
    let asked = Instant::now();
    assert_eq!(fixture.me().await, StatusCode::SERVICE_UNAVAILABLE);
    assert!(asked.elapsed() < Duration::from_secs(8), "{:?}", asked.elapsed());
    let answers = futures_util::future::join_all((0..20).map(|_| fixture.me())).await;
    assert!(answers.iter().all(|status| *status == StatusCode::SERVICE_UNAVAILABLE), "{answers:?}");
    fixture.recovery().await;
}
