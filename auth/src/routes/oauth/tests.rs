use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use common::{access::Tenants, clock, config::Secret};
use serde_json::json;

use crate::{
    domain::{Action, ClientId, OAuthClient, SecretHash, stored},
    persistence::suite::audit,
    testing::{Answer, TestService},
};

const SECRET: &str = "a secret: 100% & more";
const VARIABLES: [(&str, &str); 1] = [("OAUTH_LIVE_SERVICE_CLIENT_SECRET", SECRET)];

async fn ask(service: &TestService, basic: Option<&str>, body: &str) -> Answer {
    let mut request = Request::builder()
        .method(Method::POST)
        .uri("/v2/oauth/token")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    if let Some(text) = basic {
        request = request.header(header::AUTHORIZATION, format!("Basic {}", STANDARD.encode(text)));
    }
    service.send(request.body(Body::from(body.to_owned())).expect("a request")).await
}

fn error(answer: &Answer) -> (u16, &str) {
    (answer.status.as_u16(), answer.body["error"].as_str().unwrap_or_default())
}

#[tokio::test]
async fn a_program_gets_a_token_by_basic_or_in_the_body() {
    let service = TestService::start(&VARIABLES).await;
    let by_basic =
        ask(&service, Some("live-service:a+secret%3A+100%25+%26+more"), "grant_type=client_credentials")
            .await;
    assert_eq!(by_basic.status, StatusCode::OK, "{by_basic:?}");
    assert_eq!(by_basic.headers[header::CACHE_CONTROL], "no-store");
    assert_eq!(
        by_basic.body["scope"],
        "events:read sessions:record rooms:manage agents:token segments:write"
    );
    let body = "grant_type=client_credentials&client_id=live-service&client_secret=a+secret%3A+100%25+%26+more&scope=events:read";
    let by_body = ask(&service, None, body).await;
    assert_eq!(by_body.body["scope"], "events:read", "{by_body:?}");
    let me = service.get("/me", &by_body.access_token()).await;
    assert_eq!(me.status, StatusCode::OK, "{me:?}");
    assert_eq!(me.body["client_id"], "live-service");
    assert_eq!(me.body["user"], json!(null));
    assert_eq!(me.body["permissions"], json!(["events:read"]));
}

#[tokio::test]
async fn errors_are_those_of_rfc_6749() {
    let service = TestService::start(&VARIABLES).await;
    let basic = Some("live-service:a+secret%3A+100%25+%26+more");
    for (basic, body, expected) in [
        (basic, "", (400, "invalid_request")),
        (basic, "grant_type=", (400, "invalid_request")),
        (basic, "grant_type=password&username=a&password=b", (400, "unsupported_grant_type")),
        (basic, "grant_type=client_credentials&grant_type=client_credentials", (400, "invalid_request")),
        (basic, "grant_type=client_credentials&client_secret=x", (400, "invalid_request")),
        (basic, "grant_type=client_credentials&scope=users:read", (400, "invalid_scope")),
        (basic, "grant_type=client_credentials&scope=nonsense", (400, "invalid_scope")),
        (None, "grant_type=client_credentials", (401, "invalid_client")),
        (Some("live-service:wrong"), "grant_type=client_credentials", (401, "invalid_client")),
        (Some("nobody:wrong"), "grant_type=client_credentials", (401, "invalid_client")),
        (Some("NOT AN ID\u{0}:wrong"), "grant_type=client_credentials", (401, "invalid_client")),
    ] {
        let answer = ask(&service, basic, body).await;
        assert_eq!(error(&answer), expected, "{body}");
        assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store", "{body}");
        assert_eq!(answer.headers[header::CONTENT_TYPE], "application/json", "{body}");
        assert_eq!(answer.headers.contains_key(header::WWW_AUTHENTICATE), expected.0 == 401, "{body}");
        assert!(answer.body["error_description"].is_string(), "{body}");
    }
    let get = service.request(Method::GET, "/oauth/token", &[], None).await;
    assert_eq!(get.status, StatusCode::METHOD_NOT_ALLOWED);
    let json = service.request(Method::POST, "/oauth/token", &[], Some(json!({"grant_type": "x"}))).await;
    assert_eq!(error(&json), (400, "invalid_request"));
}

#[tokio::test]
async fn guessing_secrets_is_stopped() {
    let service = TestService::start(&[VARIABLES[0], ("LOGIN_FAILURES_PER_IP", "3")]).await;
    for _ in 0..3 {
        let answer = ask(&service, Some("live-service:wrong"), "grant_type=client_credentials").await;
        assert_eq!(error(&answer), (401, "invalid_client"));
    }
    let answer = ask(&service, Some("live-service:wrong"), "grant_type=client_credentials").await;
    assert_eq!(error(&answer), (429, "temporarily_unavailable"));
    assert!(answer.headers.contains_key(header::RETRY_AFTER));
}

#[tokio::test]
async fn during_a_change_of_secrets_both_are_good() {
    let service = TestService::start(&VARIABLES).await;
    let client_id: ClientId = "live-service".parse().expect("an id");
    let persistence = &service.state.persistence;
    let new = SecretHash::of(&Secret::new("the-next-secret-of-the-service"));
    let version =
        persistence.client(&client_id, Tenants::All).await.expect("read").expect("the client").version;
    let until = stored(clock::now()) + chrono::TimeDelta::minutes(5);
    let line = audit(Action::ClientSecretRotated);
    let rotated = persistence.rotate_client_secret(&client_id, version, &new, until, None, &line).await;
    rotated.expect("stored").expect("not refused");
    for secret in ["a+secret%3A+100%25+%26+more", "the-next-secret-of-the-service"] {
        let basic = format!("live-service:{secret}");
        let answer = ask(&service, Some(&basic), "grant_type=client_credentials").await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    }
    let client = persistence.client(&client_id, Tenants::All).await.expect("read").expect("the client");
    let disabled = OAuthClient { disabled: true, ..client };
    let updated = persistence.update_client(&disabled, &audit(Action::ClientUpdated)).await;
    updated.expect("stored").expect("not refused");
    let answer =
        ask(&service, Some("live-service:the-next-secret-of-the-service"), "grant_type=client_credentials")
            .await;
    assert_eq!(error(&answer), (401, "invalid_client"));
}

#[tokio::test]
async fn the_metadata_says_where_everything_is() {
    let service = TestService::start(&[("AUTH_ISSUER", "https://example.org/")]).await;
    for path in [
        "/.well-known/oauth-authorization-server",
        "/v2/.well-known/oauth-authorization-server",
        "/.well-known/oauth-authorization-server/api/auth",
        "/.well-known/openid-configuration",
    ] {
        let answer = service.request(Method::GET, path, &[], None).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert_eq!(answer.body["issuer"], "https://example.org");
        assert_eq!(answer.body["token_endpoint"], "https://example.org/oauth/token");
        assert_eq!(answer.body["jwks_uri"], "https://example.org/.well-known/jwks.json");
    }
    let keys = service.request(Method::GET, "/v2/.well-known/jwks.json", &[], None).await;
    assert_eq!(keys.headers[header::CACHE_CONTROL], "public, max-age=300");
    let key = &keys.body["keys"][0];
    assert_eq!((&key["kty"], &key["alg"], &key["use"]), (&json!("RSA"), &json!("RS256"), &json!("sig")));
    assert!(key.get("d").is_none(), "only the public half");
}
