//! Tokens of our own for other services.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use common::{
    access::Permission,
    config::Secret,
    oauth::{ClientCredentials, OAuthError},
};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::time;

/// A token endpoint that gives `token-1`, `token-2`, … for 100 s each, or answers as it is told.
struct TokenEndpoint {
    shared: Arc<Shared>,
    url: url::Url,
    task: tokio::task::JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    asked: AtomicUsize,
    told: Mutex<Option<(StatusCode, Value)>>,
    last: Mutex<(HeaderMap, String)>,
}

async fn token(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: String) -> Response {
    let number = shared.asked.fetch_add(1, Ordering::SeqCst) + 1;
    *shared.last.lock() = (headers, body);
    if let Some((status, body)) = shared.told.lock().clone() {
        return (status, [(header::RETRY_AFTER, "2")], Json(body)).into_response();
    }
    Json(json!({"access_token": format!("token-{number}"), "token_type": "bearer", "expires_in": 100}))
        .into_response()
}

impl TokenEndpoint {
    async fn start() -> Self {
        let shared = Arc::<Shared>::default();
        let router = Router::new().route("/v2/oauth/token", post(token)).with_state(Arc::clone(&shared));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v2/oauth/token", listener.local_addr().unwrap()).parse().unwrap();
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { shared, url, task }
    }

    fn client(&self) -> ClientCredentials {
        let scopes = [Permission::EventsRead, Permission::SessionsRecord];
        ClientCredentials::new(self.url.clone(), "live service", &Secret::new("a:b/c+ñ"), &scopes).unwrap()
    }

    fn tell(&self, status: StatusCode, body: Value) {
        *self.shared.told.lock() = Some((status, body));
    }

    fn asked(&self) -> usize {
        self.shared.asked.load(Ordering::SeqCst)
    }
}

impl Drop for TokenEndpoint {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn pass(duration: Duration) {
    time::pause();
    time::advance(duration).await;
    time::resume();
}

#[tokio::test]
async fn a_hundred_requests_at_once_fetch_one_token() {
    let endpoint = TokenEndpoint::start().await;
    let client = endpoint.client();
    let requests = (0..100).map(|_| {
        let client = client.clone();
        tokio::spawn(async move { client.token().await })
    });
    for request in requests.collect::<Vec<_>>() {
        assert_eq!(request.await.unwrap().unwrap().expose(), "token-1");
    }
    assert_eq!(endpoint.asked(), 1);
    let (headers, body) = endpoint.shared.last.lock().clone();
    let expected = format!("Basic {}", STANDARD.encode("live+service:a%3Ab%2Fc%2B%C3%B1"));
    assert_eq!(headers[header::AUTHORIZATION], expected);
    assert_eq!(headers[header::CONTENT_TYPE], "application/x-www-form-urlencoded");
    assert_eq!(body, "grant_type=client_credentials&scope=events%3Aread+sessions%3Arecord");
}

#[tokio::test]
async fn a_token_is_renewed_before_its_end_and_nobody_waits_for_it() {
    let endpoint = TokenEndpoint::start().await;
    let client = endpoint.client();
    assert_eq!(client.token().await.unwrap().expose(), "token-1");
    pass(Duration::from_secs(81)).await;
    assert_eq!(client.token().await.unwrap().expose(), "token-1");
    let end = time::Instant::now() + Duration::from_secs(10);
    while client.token().await.unwrap().expose() != "token-2" {
        assert!(time::Instant::now() < end, "the token is not renewed");
        time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(endpoint.asked(), 2);
    // Unused for long, it is past its use: the next one waits for another.
    pass(Duration::from_secs(96)).await;
    assert_eq!(client.token().await.unwrap().expose(), "token-3");
}

#[tokio::test]
async fn a_token_that_was_refused_is_replaced_once() {
    let endpoint = TokenEndpoint::start().await;
    let client = endpoint.client();
    let first = client.token().await.unwrap();
    client.invalidate(&first);
    let second = client.token().await.unwrap();
    assert_eq!(second.expose(), "token-2");
    // Another request that was refused with the first token does not throw the second away.
    client.invalidate(&first);
    assert_eq!(client.token().await.unwrap(), second);
}

#[tokio::test]
async fn failures_say_whether_a_retry_helps_and_leave_the_auth_service_alone_for_a_while() {
    let endpoint = TokenEndpoint::start().await;
    let client = endpoint.client();
    endpoint.tell(
        StatusCode::UNAUTHORIZED,
        json!({"error": "invalid_client", "error_description": "no such client"}),
    );
    let error = client.token().await.unwrap_err();
    assert!(!error.retry_helps());
    let refused =
        OAuthError::Refused { error: "invalid_client".into(), description: "no such client".into() };
    assert_eq!(error, refused);

    endpoint.tell(StatusCode::SERVICE_UNAVAILABLE, json!({}));
    pass(Duration::from_millis(300)).await;
    let error = client.token().await.unwrap_err();
    assert!(error.retry_helps());
    assert!(
        matches!(error, OAuthError::Unavailable { retry_after, .. } if retry_after == Duration::from_secs(2))
    );
    let asked = endpoint.asked();
    for _ in 0..100 {
        assert_eq!(client.token().await.unwrap_err(), error);
    }
    assert_eq!(endpoint.asked(), asked, "it asked to be left alone for 2 s");

    *endpoint.shared.told.lock() = None;
    pass(Duration::from_secs(2)).await;
    assert_eq!(client.token().await.unwrap().expose(), "token-3");
}

#[tokio::test]
async fn a_renewal_that_fails_does_no_harm_while_the_token_lives() {
    let endpoint = TokenEndpoint::start().await;
    let client = endpoint.client();
    client.token().await.unwrap();
    endpoint.tell(StatusCode::INTERNAL_SERVER_ERROR, json!({}));
    pass(Duration::from_secs(85)).await;
    while endpoint.asked() < 2 {
        assert_eq!(client.token().await.unwrap().expose(), "token-1");
        time::sleep(Duration::from_millis(1)).await;
    }
    for _ in 0..100 {
        assert_eq!(client.token().await.unwrap().expose(), "token-1");
        tokio::task::yield_now().await;
    }
    assert_eq!(endpoint.asked(), 2, "the auth-service is left alone for a while");
    pass(Duration::from_secs(10)).await;
    assert!(client.token().await.unwrap_err().retry_helps());
}

#[tokio::test]
async fn what_is_not_a_token_is_no_token_and_is_not_repeated() {
    for body in [
        json!({}),
        json!({"access_token": "secret", "token_type": "mac"}),
        json!({"access_token": "", "token_type": "Bearer"}),
        json!({"access_token": "secret\nsecret", "token_type": "Bearer"}),
        json!({"access_token": "secret", "token_type": "Bearer", "expires_in": "secret"}),
    ] {
        let endpoint = TokenEndpoint::start().await;
        endpoint.tell(StatusCode::OK, body);
        let error = endpoint.client().token().await.unwrap_err();
        assert!(matches!(error, OAuthError::Unexpected(_)), "{error:?}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
    let endpoint = TokenEndpoint::start().await;
    let client = endpoint.client();
    assert!(!format!("{client:?} {:?}", client.token().await).contains("token-1"));
    drop(endpoint);
    client.invalidate(&client.token().await.unwrap());
    let error = client.token().await.unwrap_err();
    assert!(error.retry_helps(), "{error:?}");
}
