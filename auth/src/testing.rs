//! For tests: the whole service within the test's process, behind its shell.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use common::{config::Variables, live_state::InProcess, service::ServiceConfig};
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::{
    AppState, Auth, AuthConfig,
    domain::{Action, AuditEntry, Customer, RoleName, Target, User},
    persistence::Persistence,
};

/// The password of every user of a [`TestService`].
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// The service, in memory unless told otherwise, with cheap password hashes.
pub(crate) struct TestService {
    pub(crate) state: AppState,
    pub(crate) router: Router,
    _tasks: tokio_util::sync::DropGuard,
}

/// An answer, read.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl TestService {
    /// As configured by `variables`, besides cheap hashes.
    pub(crate) async fn start(variables: &[(&str, &str)]) -> Self {
        let cheap = [("ARGON2_MEMORY_KIB", "64"), ("ARGON2_PASSES", "1"), ("ARGON2_AT_ONCE", "4")];
        let cheap = cheap.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let given = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let variables: Variables = cheap.into_iter().chain(given).collect();
        let config = AuthConfig::from_variables(&variables).expect("a usable configuration");
        let shell = ServiceConfig::from_variables(&variables, "AUTH_SERVICE_PORT", 8081, "USE_AUTH_MOCK");
        let auth = Auth::open(config, Arc::new(InProcess::new())).await.expect("the service opens");
        let (state, shutdown) = (auth.state.clone(), CancellationToken::new());
        let router = auth.service(shutdown.clone()).router(&shell);
        Self { state, router, _tasks: shutdown.drop_guard() }
    }

    /// A new user of a new customer, with [`PASSWORD`].
    pub(crate) async fn user(&self, email: &str, roles: &[&str]) -> User {
        let persistence: &dyn Persistence = &*self.state.persistence;
        let now = common::clock::now();
        let target = Target::new("test", 1);
        let line = |action| AuditEntry::by_system(action, None, target.clone(), serde_json::json!({}), now);
        let customer = Customer::new(format!("Customer of {email}").parse().expect("a name"), now);
        let added = persistence.add_customer(&customer, &line(Action::CustomerCreated)).await;
        added.expect("stored").expect("a new name");
        let roles = roles.iter().map(|role| role.parse::<RoleName>().expect("a role"));
        let (email, name) = (email.parse().expect("an address"), "Ada".parse().expect("a name"));
        let user = User::new(customer.customer_id, email, name, roles, now);
        let hash = self.state.passwords.hash(&PASSWORD.parse().expect("a password")).await.expect("a hash");
        let added = persistence.add_user(&user, Some(&hash), &line(Action::UserCreated)).await;
        added.expect("stored").expect("a new address");
        user
    }

    /// Sends a request.
    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.expect("an answer");
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.expect("a whole body");
        let body = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).expect("JSON") };
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// Sends JSON, with these headers.
    pub(crate) async fn request(
        &self,
        method: Method,
        path: &str,
        headers: &[(header::HeaderName, &str)],
        body: Option<Value>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, "auth.test");
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        let request = match body {
            Some(body) => {
                request.header(header::CONTENT_TYPE, "application/json").body(Body::from(body.to_string()))
            }
            None => request.body(Body::empty()),
        };
        self.send(request.expect("a request")).await
    }

    pub(crate) async fn login(&self, email: &str, password: &str) -> Answer {
        let body = serde_json::json!({"email": email, "password": password});
        self.request(Method::POST, "/login", &[], Some(body)).await
    }

    /// Posts without a body, with this cookie.
    pub(crate) async fn post_with_cookie(&self, path: &str, cookie: &str) -> Answer {
        self.request(Method::POST, path, &[(header::COOKIE, cookie)], None).await
    }

    /// Gets something, with this access token.
    pub(crate) async fn get(&self, path: &str, token: &str) -> Answer {
        let bearer = format!("Bearer {token}");
        self.request(Method::GET, path, &[(header::AUTHORIZATION, &bearer)], None).await
    }
}

impl Answer {
    pub(crate) fn access_token(&self) -> String {
        self.body["access_token"].as_str().unwrap_or_else(|| panic!("a token: {self:?}")).to_owned()
    }

    /// The cookie that was set, as a browser sends it back.
    pub(crate) fn cookie(&self) -> String {
        let header = self.headers.get(header::SET_COOKIE).unwrap_or_else(|| panic!("a cookie: {self:?}"));
        header.to_str().expect("text").split(';').next().expect("a pair").to_owned()
    }

    pub(crate) fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// Without what differs from request to request.
    pub(crate) fn without_request_id(&self) -> Value {
        let mut body = self.body.clone();
        if let Some(object) = body.as_object_mut() {
            object.remove("request_id");
        }
        body
    }
}
