use std::{net::SocketAddr, time::Duration};

use axum::{
    body::Body,
    extract::Request,
    http::{Method, Response, header},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::*;
use crate::{
    config::Variables,
    problem::{Json, Path},
};

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "name": "one" }))]
struct Thing {
    name: String,
}

/// Makes a thing.
#[utoipa::path(post, path = "/things", request_body = Thing, responses((status = 201, body = Thing, description = "Made")))]
async fn make(Json(thing): Json<Thing>) -> (StatusCode, Json<Thing>) {
    (StatusCode::CREATED, Json(thing))
}

/// Shows a thing.
#[utoipa::path(get, path = "/things/{number}", params(("number" = u32, Path)), responses((status = 200, body = Thing, description = "It")))]
async fn show(Path(number): Path<u32>) -> Json<Thing> {
    assert_ne!(number, 13, "unlucky");
    if number == 14 {
        std::future::pending::<()>().await;
    }
    Json(Thing { name: number.to_string() })
}

const ABOUT: About =
    About { name: "thing-service", description: "Keeps things.", version: "v3", collection: Some("/things") };

fn service(readiness: Readiness, variables: &[(&str, &str)]) -> Router {
    let variables: Variables = variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    let config = ServiceConfig::from_variables(&variables, "THING_PORT", 1, "USE_THING_MOCK");
    variables.finish(()).expect("good settings");
    let operations = OpenApiRouter::new().routes(routes!(make)).routes(routes!(show));
    Service::new(ABOUT, operations, readiness, Metrics::new(ABOUT.name)).router(&config)
}

async fn ask(
    router: &Router,
    request: axum::http::request::Builder,
    body: impl Into<Body>,
) -> (Response<Body>, Value) {
    let response =
        router.clone().oneshot(request.body(body.into()).expect("a request")).await.expect("an answer");
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, 1_000_000).await.expect("a body");
    let value = serde_json::from_slice(&bytes).unwrap_or_else(|_| json!(String::from_utf8_lossy(&bytes)));
    (Response::from_parts(parts, Body::empty()), value)
}

fn get_(uri: &str) -> axum::http::request::Builder {
    Request::builder().uri(uri)
}

fn post(uri: &str) -> axum::http::request::Builder {
    Request::builder().method(Method::POST).uri(uri).header(header::CONTENT_TYPE, "application/json")
}

#[tokio::test]
async fn an_operation_answers_bare_under_its_version_and_at_the_root() {
    let router = service(Readiness::default(), &[]);
    for uri in ["/things/7", "/v3/things/7", "/7", "/v3/7"] {
        let (answer, body) = ask(&router, get_(uri), Body::empty()).await;
        assert_eq!((answer.status(), &body["name"]), (StatusCode::OK, &json!("7")), "{uri}");
    }
}

#[tokio::test]
async fn every_mistake_is_a_whole_problem() {
    let router = service(Readiness::default(), &[("BODY_LIMIT_BYTES", "100")]);
    let cases = [
        (get_("/nowhere"), "", 404, "not_found"),
        (get_("/v4/things/7"), "", 404, "not_found"),
        (get_("/things/seven"), "", 400, "invalid_path"),
        (Request::builder().method("DELETE").uri("/things/7"), "", 405, "method_not_allowed"),
        (post("/things"), "{\"name\":", 400, "invalid_json"),
        (post("/things"), "{\"name\":\"a\"} b", 400, "invalid_json"),
        (post("/things"), "{\"name\":\"a\",\"colour\":1}", 422, "invalid_body"),
        (post("/things"), "{\"name\":1}", 422, "invalid_body"),
        (post("/things"), "{\"name\":\"\u{1}", 400, "invalid_json"),
        (Request::builder().method("POST").uri("/things"), "{}", 415, "unsupported_media_type"),
        (get_("/things/13"), "", 500, "internal"),
    ];
    for (request, body, status, code) in cases {
        let (answer, problem) = ask(&router, request, body).await;
        assert_eq!(answer.status().as_u16(), status, "{problem}");
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(answer.headers()[header::CONTENT_TYPE], crate::problem::MEDIA_TYPE);
        assert_eq!(
            problem["request_id"],
            answer.headers()["x-request-id"].to_str().expect("text"),
            "{problem}"
        );
        assert!(problem["instance"].as_str().is_some_and(|path| path.starts_with('/')), "{problem}");
        assert!(!problem.to_string().contains("unlucky"), "the cause is ours alone");
    }
    let (answer, problem) =
        ask(&router, post("/things"), format!("{{\"name\":\"{}\"}}", "x".repeat(200))).await;
    assert_eq!((answer.status().as_u16(), &problem["code"]), (413, &json!("body_too_large")));
    let (answer, _) = ask(&router, Request::builder().method("DELETE").uri("/things/7"), "").await;
    assert_eq!(answer.headers()[header::ALLOW], "GET,HEAD", "the problem keeps what the router says");
    let (answer, _) = ask(&router, get_("/things/7"), "").await;
    assert_eq!(answer.status(), StatusCode::OK, "and lives after a panic");
}

#[tokio::test]
async fn the_field_that_is_wrong_is_named() {
    let router = service(Readiness::default(), &[]);
    let (_, problem) = ask(&router, post("/things"), "{\"name\":1}").await;
    assert_eq!(problem["errors"][0]["field"], "name");
    assert_eq!(problem["errors"][0]["detail"], "invalid type: integer `1`, expected a string");
}

#[tokio::test]
async fn a_usable_request_id_is_kept_and_others_are_replaced() {
    let router = service(Readiness::default(), &[]);
    let (answer, _) = ask(&router, get_("/7").header("x-request-id", "trace-1.a_B"), "").await;
    assert_eq!(answer.headers()["x-request-id"], "trace-1.a_B");
    for bad in ["", "a b", "a\"b"] {
        let (answer, _) = ask(&router, get_("/7").header("x-request-id", bad), "").await;
        assert_eq!(answer.headers()["x-request-id"].len(), 32, "{bad:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_does_not_wait_long_for_a_database_that_fell_silent() {
    let started = tokio::time::Instant::now();
    let silent = Readiness::default().needs("database", std::future::pending);
    let (answer, problem) = ask(&service(silent, &[]), get_("/things/14"), "").await;
    assert_eq!((answer.status().as_u16(), &problem["code"]), (503, &json!("database_unavailable")));
    assert!(answer.headers().contains_key(header::RETRY_AFTER));
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());

    let started = tokio::time::Instant::now();
    let there = Readiness::default().needs("database", || async { true });
    let (_, problem) = ask(&service(there, &[]), get_("/things/14"), "").await;
    assert_eq!(problem["code"], json!("timed_out"), "slow work is let be");
    assert!(started.elapsed() >= Duration::from_secs(10), "{:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_request_that_takes_too_long_is_given_up() {
    let router = service(Readiness::default(), &[("REQUEST_TIMEOUT_SECONDS", "3")]);
    let (answer, problem) = ask(&router, get_("/14"), "").await;
    assert_eq!((answer.status().as_u16(), &problem["code"]), (503, &json!("timed_out")));
    assert_eq!(answer.headers()[header::RETRY_AFTER], "1");
}

#[tokio::test]
async fn readiness_names_each_dependency() {
    let readiness =
        Readiness::default().needs("database", || async { true }).needs("redis", || async { false });
    let router = service(readiness, &[]);
    let (answer, report) = ask(&router, get_("/v3/ready"), "").await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(report["dependencies"], json!({ "database": "ready", "redis": "not ready" }));
    let (answer, _) = ask(&router, get_("/health"), "").await;
    assert_eq!(answer.status(), StatusCode::OK);
}

#[tokio::test]
async fn requests_are_counted_by_route() {
    let router = service(Readiness::default(), &[]);
    for uri in ["/7", "/8", "/nowhere"] {
        ask(&router, get_(uri), "").await;
    }
    let (answer, text) = ask(&router, get_("/metrics"), "").await;
    let text = text.as_str().expect("text");
    assert_eq!(answer.status(), StatusCode::OK);
    let line = "ilenia_http_requests_total{service=\"thing-service\",method=\"GET\",route=\"/things/{number}\",status=\"200\"} 2";
    assert!(text.contains(line), "{text}");
    assert!(text.contains("process_resident_memory_bytes"), "{text}");
    assert_eq!(text.matches("# EOF").count(), 1);
    assert!(!text.contains("nowhere"), "paths that people invent are no labels");
}

#[tokio::test]
async fn only_the_pages_of_frontend_url_may_call() {
    let router = service(Readiness::default(), &[("FRONTEND_URL", "https://app.example.org")]);
    let (answer, _) = ask(&router, get_("/7").header(header::ORIGIN, "https://app.example.org"), "").await;
    assert_eq!(answer.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], "https://app.example.org");
    let (answer, _) = ask(&router, get_("/7").header(header::ORIGIN, "https://evil.example.org"), "").await;
    assert!(answer.headers().get(header::ACCESS_CONTROL_ALLOW_ORIGIN).is_none());
}

#[tokio::test]
async fn the_description_tells_the_problems_of_each_operation() {
    let router = service(Readiness::default(), &[]);
    let (_, document) = ask(&router, get_("/openapi.json"), "").await;
    assert_eq!(document["openapi"].as_str().map(|version| &version[..3]), Some("3.1"));
    let responses = document["paths"]["/things"]["post"]["responses"].as_object().expect("responses");
    let statuses: Vec<&str> = responses.keys().map(String::as_str).collect();
    assert_eq!(statuses, ["201", "400", "413", "415", "422", "503"]);
    assert!(document["components"]["schemas"]["Problem"].is_object());
}

#[tokio::test]
async fn mock_mode_answers_with_the_examples() {
    let router = service(Readiness::default(), &[("USE_THING_MOCK", "true")]);
    let (answer, body) = ask(&router, get_("/v3/things/anything"), "").await;
    assert_eq!((answer.status(), body), (StatusCode::OK, json!({ "name": "one" })));
    let (answer, body) = ask(&router, post("/things"), "").await;
    assert_eq!((answer.status(), body), (StatusCode::CREATED, json!({ "name": "one" })));
    assert_eq!(answer.headers()["x-ilenia-mock"], "true");
    let (answer, _) = ask(&router, get_("/nowhere"), "").await;
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
}

async fn start(drain: Duration) -> (SocketAddr, CancellationToken, tokio::task::JoinHandle<()>) {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let shutdown = CancellationToken::new();
    let router = service(Readiness::default(), &[]);
    let task = tokio::spawn(serve(listener, router, shutdown.clone(), drain));
    (address, shutdown, task)
}

async fn send(address: SocketAddr, text: &str) -> tokio::net::TcpStream {
    let mut stream = tokio::net::TcpStream::connect(address).await.expect("a connection");
    stream.write_all(text.as_bytes()).await.expect("sent");
    stream
}

#[tokio::test]
async fn idle_connections_do_not_hold_up_the_end() {
    let (address, shutdown, task) = start(Duration::from_secs(60)).await;
    let mut stream = send(address, "GET /7 HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.expect("an answer");
    assert_eq!(&answer, b"HTTP/1.1 200");
    shutdown.cancel();
    tokio::time::timeout(Duration::from_secs(20), task).await.expect("ends").expect("well");
}

#[tokio::test]
async fn a_request_that_never_ends_is_cut_off_when_the_time_is_over() {
    let (address, shutdown, task) = start(Duration::from_millis(200)).await;
    let _stream = send(address, "GET /14 HTTP/1.1\r\nhost: x\r\n\r\n").await;
    shutdown.cancel();
    tokio::time::timeout(Duration::from_secs(20), task).await.expect("ends").expect("well");
}
