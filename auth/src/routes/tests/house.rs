//! A service with people in it.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use common::{
    access::{LiveNotBefore, PermissionSet, Tenants, Verifier},
    clock,
    ids::{CustomerId, UserId},
    live_state::{InProcess, LiveState},
};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::{
    AppState, AuthConfig,
    domain::{Account, Action, AuditEntry, ClientId, Customer, Target, User},
    keys::Keys,
    passwords::{PasswordCost, Passwords},
    persistence::{Persistence, SigningKeys, in_memory::InMemory},
    withdrawal::StoredNotBefore,
};

/// auth-service.
pub(super) struct House {
    state: AppState,
    router: Router,
}

/// What was answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Value,
}

impl Answer {
    /// The same, if it has this status.
    #[track_caller]
    pub(super) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        self
    }

    /// It is a problem of this status and code.
    #[track_caller]
    pub(super) fn expect_problem(self, status: u16, code: &str) {
        assert_eq!((self.status.as_u16(), self.body["code"].as_str()), (status, Some(code)), "{}", self.body);
    }

    pub(super) fn etag(&self) -> &str {
        self.headers[header::ETAG].to_str().expect("text")
    }

    /// The values of `field` in the items of a list.
    pub(super) fn items(&self, field: &str) -> Vec<&str> {
        let items = self.body["items"].as_array().expect("a list");
        items.iter().map(|item| item[field].as_str().expect("text")).collect()
    }
}

/// Cheap, so that tests are fast.
const COST: PasswordCost = PasswordCost { memory_kib: 64, passes: 1, lanes: 1, at_once: 1, waiting: 9 };

impl House {
    pub(super) async fn new() -> Self {
        let persistence: Arc<dyn Persistence> = Arc::new(InMemory::default());
        let live: Arc<dyn LiveState> = Arc::new(InProcess::new());
        let config = AuthConfig { passwords: COST, ..AuthConfig::default() };
        let signing: Arc<dyn SigningKeys> = persistence.clone();
        let keys = Keys::open(signing, &config.keys, clock::now()).await.expect("keys");
        let verifier = Verifier::new(Arc::new(keys.clone()), &config.issuer, None)
            .with_not_before(Arc::new(StoredNotBefore(persistence.clone())));
        let state = AppState {
            persistence,
            live,
            verifier: Arc::new(verifier),
            keys,
            passwords: Passwords::new(COST).expect("a cost"),
            config: Arc::new(config),
        };
        let (router, _) = crate::router().with_state(state.clone()).split_for_parts();
        Self { state, router }
    }

    fn entry(action: Action) -> AuditEntry {
        AuditEntry::by_system(action, None, Target::new("test", "1"), json!({}), clock::now())
    }

    /// A new customer.
    pub(super) async fn customer(&self, name: &str) -> CustomerId {
        let customer = Customer::new(name.parse().expect("a name"), clock::now());
        let added =
            self.state.persistence.add_customer(&customer, &Self::entry(Action::CustomerCreated)).await;
        added.expect("stored").expect("a new name");
        customer.customer_id
    }

    /// A new user; the address is `name@customer-id`.
    pub(super) async fn user(&self, customer: CustomerId, name: &str, roles: &[&str]) -> UserId {
        let email = format!("{name}@{customer}").parse().expect("an address");
        let roles = roles.iter().map(|role| role.parse().expect("a role"));
        let user = User::new(customer, email, name.parse().expect("a name"), roles, clock::now());
        let entry = Self::entry(Action::UserCreated);
        let added = self.state.persistence.add_user(&user, None, &entry).await;
        added.expect("stored").expect("a new address");
        user.user_id
    }

    /// A new user and a token of theirs.
    pub(super) async fn signed_in(
        &self,
        customer: CustomerId,
        name: &str,
        roles: &[&str],
    ) -> (UserId, String) {
        let user = self.user(customer, name, roles).await;
        (user, self.token(user).await)
    }

    pub(super) async fn account(&self, user: UserId) -> Account {
        self.state.persistence.account(user, Tenants::All).await.expect("read").expect("there")
    }

    /// A token as signing in gives one now.
    pub(super) async fn token(&self, user: UserId) -> String {
        let now = clock::now();
        self.state.user_token(&self.account(user).await, now).await.expect("a token").token
    }

    /// A token as `/oauth/token` gives one now, for all that the client may.
    pub(super) async fn service_token(&self, client_id: &str) -> String {
        let now = clock::now();
        let client_id: ClientId = client_id.parse().expect("an id");
        let client = self.state.persistence.client(&client_id, Tenants::All).await.expect("read");
        let client = client.expect("there");
        let scopes: PermissionSet = client.scopes.clone();
        self.state.service_token(&client, scopes, now).await.expect("a token").token
    }

    /// Another service, just started: it knows the keys and the live state.
    pub(super) fn another_service(&self) -> Verifier {
        let live = LiveNotBefore::new(Arc::clone(&self.state.live));
        Verifier::new(Arc::new(self.state.keys.clone()), &self.state.config.issuer, Some("event-service"))
            .with_not_before(Arc::new(live))
    }

    /// Sends a request with a JSON body, or without any when it is `null`.
    pub(super) async fn send(&self, token: &str, method: Method, path: &str, body: Value) -> Answer {
        self.send_if(token, method, path, body, &[]).await
    }

    pub(super) async fn get(&self, token: &str, path: &str) -> Answer {
        self.send(token, Method::GET, path, Value::Null).await
    }

    pub(super) async fn post(&self, token: &str, path: &str, body: Value) -> Answer {
        self.send(token, Method::POST, path, body).await
    }

    pub(super) async fn patch(&self, token: &str, path: &str, body: Value) -> Answer {
        self.send(token, Method::PATCH, path, body).await
    }

    pub(super) async fn put(&self, token: &str, path: &str, body: Value) -> Answer {
        self.send(token, Method::PUT, path, body).await
    }

    pub(super) async fn delete(&self, token: &str, path: &str) -> Answer {
        self.send(token, Method::DELETE, path, Value::Null).await
    }

    /// The same with headers.
    pub(super) async fn send_if(
        &self,
        token: &str,
        method: Method,
        path: &str,
        body: Value,
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !token.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let body = if body.is_null() {
            Body::empty()
        } else {
            request = request.header(header::CONTENT_TYPE, "application/json");
            Body::from(body.to_string())
        };
        self.answer(request.body(body).expect("a request")).await
    }

    pub(super) async fn answer(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.expect("an answer");
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = to_bytes(response.into_body(), 1 << 20).await.expect("a body");
        let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).expect("JSON") };
        Answer { status, headers, body }
    }
}
