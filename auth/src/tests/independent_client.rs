//! Clients that are none of ours: `oauth2` gets tokens, `jsonwebtoken` verifies them by the published keys.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header, jwk::JwkSet};
use oauth2::{
    ClientId, ClientSecret, EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, Scope,
    TokenResponse as _, TokenUrl,
    basic::{BasicClient, BasicErrorResponseType},
};
use serde_json::Value;
use tokio::time::Instant;

use super::Served;
use crate::{domain::Actor, keys::Rotation};

const SECRET: &str = "secret: 100% & more";

type Client = BasicClient<EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

/// What the service says of itself.
async fn metadata(served: &Served) -> Value {
    let url = format!("{}/.well-known/oauth-authorization-server", served.url);
    served.client().get(url).send().await.expect("an answer").json().await.expect("JSON")
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().expect("a text").to_owned()
}

async fn client(served: &Served, secret: &str) -> Client {
    let token_url = TokenUrl::new(text(&metadata(served).await, "token_endpoint")).expect("a URL");
    BasicClient::new(ClientId::new("live-service".to_owned()))
        .set_client_secret(ClientSecret::new(secret.to_owned()))
        .set_token_uri(token_url)
}

async fn send(http: reqwest::Client, request: HttpRequest) -> Result<HttpResponse, reqwest::Error> {
    let (parts, body) = request.into_parts();
    let url = parts.uri.to_string();
    let answer = http.request(parts.method, url).headers(parts.headers).body(body).send().await?;
    let mut response = HttpResponse::new(Vec::new());
    *response.status_mut() = answer.status();
    *response.headers_mut() = answer.headers().clone();
    *response.body_mut() = answer.bytes().await?.to_vec();
    Ok(response)
}

async fn token(client: &Client, http: &reqwest::Client) -> String {
    let send = |request| send(http.clone(), request);
    let request = client.exchange_client_credentials().add_scope(Scope::new("events:read".to_owned()));
    let answer = request.request_async(&send).await.expect("a token");
    assert_eq!(answer.expires_in(), Some(Duration::from_secs(3600)));
    answer.access_token().secret().clone()
}

/// Keeps the keys for a second, whatever happens: it does not even look again for a key that it does not know.
struct StubbornVerifier {
    http: reqwest::Client,
    issuer: String,
    jwks_uri: String,
    keys: JwkSet,
    read_at: Instant,
}

impl StubbornVerifier {
    async fn new(served: &Served) -> Self {
        let metadata = metadata(served).await;
        let (issuer, jwks_uri) = (text(&metadata, "issuer"), text(&metadata, "jwks_uri"));
        let http = served.client();
        let keys = Self::read(&http, &jwks_uri).await;
        Self { http, issuer, jwks_uri, keys, read_at: Instant::now() }
    }

    async fn read(http: &reqwest::Client, jwks_uri: &str) -> JwkSet {
        http.get(jwks_uri).send().await.expect("an answer").json().await.expect("a key set")
    }

    /// The name of the key that signed.
    async fn verify(&mut self, token: &str) -> Result<String, String> {
        if self.read_at.elapsed() > Duration::from_secs(1) {
            self.keys = Self::read(&self.http, &self.jwks_uri).await;
            self.read_at = Instant::now();
        }
        let kid = decode_header(token).map_err(|error| error.to_string())?.kid.ok_or("no kid")?;
        let key = self.keys.find(&kid).ok_or("the key is not published")?;
        let key = DecodingKey::from_jwk(key).map_err(|error| error.to_string())?;
        let mut validation = Validation::new(Algorithm::RS256);
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&["live-service"]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        let claims = decode::<Value>(token, &key, &validation).map_err(|error| error.to_string())?.claims;
        assert_eq!(claims["token_use"], "service");
        assert_eq!((&claims["sub"], &claims["client_id"]), (&"live-service".into(), &"live-service".into()));
        assert_eq!(claims["scope"], "events:read");
        assert!(claims.get("roles").is_none());
        Ok(kid)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_rotate_under_load_without_a_failed_verification() {
    let variables = [("OAUTH_LIVE_SERVICE_CLIENT_SECRET", SECRET), ("AUTH_KEY_PUBLISH_AHEAD_SECONDS", "3")];
    let served = Arc::new(Served::start(&variables).await);
    let first = token(&client(&served, SECRET).await, &served.client()).await;
    let old = StubbornVerifier::new(&served).await.verify(&first).await.expect("a good token");

    let (enough, verified) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let workers: Vec<_> = (0..4)
        .map(|_| {
            let (served, enough, verified) =
                (Arc::clone(&served), Arc::clone(&enough), Arc::clone(&verified));
            tokio::spawn(async move {
                let (client, http) = (client(&served, SECRET).await, served.client());
                let (mut verifier, mut signers) = (StubbornVerifier::new(&served).await, Vec::new());
                while !enough.load(Ordering::Relaxed) {
                    signers.push(verifier.verify(&token(&client, &http).await).await.expect("a good token"));
                    verified.fetch_add(1, Ordering::Relaxed);
                }
                signers
            })
        })
        .collect();
    let keys = &served.service.state.keys;
    let more = |than: usize| {
        let verified = Arc::clone(&verified);
        async move {
            while verified.load(Ordering::Relaxed) <= than {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    };
    more(10).await;
    let (new, from) =
        keys.rotate(Rotation::Ahead, &Actor::System, common::clock::now()).await.expect("rotated");
    while common::clock::now() < from {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    more(verified.load(Ordering::Relaxed) + 20).await;
    enough.store(true, Ordering::Relaxed);

    let mut signers = BTreeSet::new();
    for worker in workers {
        signers.extend(worker.await.expect("no failed verification"));
    }
    assert_eq!(signers, BTreeSet::from([old.clone(), new]));
    let mut verifier = StubbornVerifier::new(&served).await;
    assert_eq!(verifier.verify(&first).await, Ok(old), "a token of the old key is good to its end");
}

#[tokio::test]
async fn a_wrong_secret_is_an_error_that_the_client_understands() {
    let served = Served::start(&[("OAUTH_LIVE_SERVICE_CLIENT_SECRET", SECRET)]).await;
    let (client, http) = (client(&served, "another secret").await, served.client());
    let send = |request| send(http.clone(), request);
    let error = client.exchange_client_credentials().request_async(&send).await.expect_err("refused");
    let oauth2::RequestTokenError::ServerResponse(answer) = error else { panic!("{error:?}") };
    assert_eq!(answer.error(), &BasicErrorResponseType::InvalidClient);
}
