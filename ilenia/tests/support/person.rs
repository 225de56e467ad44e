//! Somebody who uses the site of `ilenia dev`, over HTTP alone.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

/// Longer than anything here takes, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Person {
    site: String,
    http: reqwest::Client,
    token: String,
}

impl Person {
    /// One of the demonstration's accounts.
    pub async fn sign_in(port: u16, email: &str) -> Self {
        let site = format!("http://127.0.0.1:{port}");
        // Nothing of it is secret: loopback, without TLS.
        let http = reqwest::Client::builder().timeout(PATIENCE).build().expect("a client");
        let nobody = Self { site, http, token: String::new() };
        let credentials = json!({ "email": email, "password": "ilenia-demo" });
        let answer = nobody.post("/api/auth/login", &credentials).await;
        let token = answer["access_token"].as_str().expect("a token").to_owned();
        Self { token, ..nobody }
    }

    pub async fn get(&self, path: &str) -> Value {
        let request = self.http.get(format!("{}{path}", self.site)).bearer_auth(&self.token);
        answer(path, request).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Value {
        let request = self.http.post(format!("{}{path}", self.site)).bearer_auth(&self.token).json(body);
        answer(path, request).await
    }

    /// Reads what is at `path` again and again until it is as wanted.
    pub async fn until(&self, what: &str, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let found = self.get(path).await;
            if wanted(&found) {
                return found;
            }
            assert!(Instant::now() < deadline, "not within {PATIENCE:?}: {what}: {found}");
            sleep(Duration::from_millis(100)).await;
        }
    }
}

/// The body of an answer that is a success.
async fn answer(path: &str, request: reqwest::RequestBuilder) -> Value {
    let answer = request.send().await.expect("an answer");
    let status = answer.status();
    let body = answer.text().await.expect("a body");
    assert!(status.is_success(), "{path}: {status}: {body}");
    serde_json::from_str(&body).unwrap_or(Value::Null)
}
