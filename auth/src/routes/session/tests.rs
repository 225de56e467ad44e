use std::time::Duration;

use axum::http::{Method, StatusCode, header};
use chrono::TimeDelta;
use common::{access::Tenants, clock};
use serde_json::{Value, json};

use crate::{
    domain::{Action, User},
    persistence::{AuditFilter, Slice, suite::audit},
    sessions::{NewRefreshToken, RefreshToken, SessionId},
    testing::{Answer, PASSWORD, TestService},
};

async fn disable(service: &TestService, user: &User) {
    let account =
        service.state.persistence.account(user.user_id, Tenants::All).await.expect("read").expect("a user");
    let now = clock::now();
    let user = User {
        disabled: true,
        not_before: Some(crate::domain::tokens_good_from(now)),
        sessions_not_before: Some(now),
        ..account.user
    };
    let updated = service.state.persistence.update_user(&user, None, &audit(Action::UserUpdated)).await;
    updated.expect("stored").expect("not refused");
}

#[tokio::test]
async fn signing_in_gives_an_access_token_and_a_cookie_that_scripts_cannot_read() {
    let service = TestService::start(&[]).await;
    let user = service.user("ada@example.org", &["manager"]).await;
    let answer = service.login("Ada@Example.org", PASSWORD).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    assert_eq!(answer.body["token_type"], "Bearer");
    assert_eq!(answer.body["expires_in"], 3600);
    assert_eq!(answer.body["user"]["user_id"], user.user_id.to_string());
    let cookie = answer.headers[header::SET_COOKIE].to_str().expect("text");
    for part in
        ["ilenia_refresh=", "; Path=/;", "; HttpOnly", "; SameSite=Strict", "; Secure", "; Max-Age=2592000"]
    {
        assert!(cookie.contains(part), "{part}: {cookie}");
    }
    assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store");

    let me = service.get("/me", &answer.access_token()).await;
    assert_eq!(me.status, StatusCode::OK, "{me:?}");
    assert_eq!(me.body["subject"], user.user_id.to_string());
    assert_eq!(me.body["user"]["email"], "ada@example.org");
    assert_eq!(me.body["roles"], json!(["manager"]));
    assert_eq!(me.body["customer"]["customer_id"], user.customer_id.to_string());
    assert!(me.body["permissions"].as_array().expect("a list").contains(&json!("events:create")));
}

#[tokio::test]
async fn login_answers_alike_for_unknown_wrong_locked_and_disabled() {
    let service = TestService::start(&[]).await;
    for email in ["ada@example.org", "locked@example.org", "disabled@example.org"] {
        let user = service.user(email, &["listener"]).await;
        if email.starts_with("disabled") {
            disable(&service, &user).await;
        }
    }
    for _ in 0..5 {
        assert_eq!(service.login("locked@example.org", "wrong").await.status, StatusCode::UNAUTHORIZED);
    }
    let answers = [
        service.login("nobody@example.org", PASSWORD).await,
        service.login("ada@example.org", "wrong").await,
        service.login("locked@example.org", PASSWORD).await,
        service.login("disabled@example.org", PASSWORD).await,
    ];
    let headers = |answer: &Answer| -> Vec<String> {
        answer.headers.keys().map(ToString::to_string).filter(|name| name != "x-request-id").collect()
    };
    for answer in &answers {
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert_eq!(answer.code(), "invalid_credentials");
        assert_eq!(answer.without_request_id(), answers[0].without_request_id());
        assert_eq!(headers(answer), headers(&answers[0]));
    }
    assert_eq!(service.login("ada@example.org", PASSWORD).await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_address_with_many_failures_is_sent_away() {
    let service = TestService::start(&[("LOGIN_FAILURES_PER_IP", "3")]).await;
    service.user("ada@example.org", &["listener"]).await;
    for n in 0..3 {
        let answer = service.login(&format!("guess{n}@example.org"), "wrong").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    }
    let answer = service.login("ada@example.org", PASSWORD).await;
    assert_eq!((answer.status, answer.code()), (StatusCode::TOO_MANY_REQUESTS, "too_many_attempts"));
    let wait: u64 = answer.headers[header::RETRY_AFTER].to_str().expect("text").parse().expect("seconds");
    assert!((1..=300).contains(&wait), "{wait}");
}

#[tokio::test]
async fn a_successful_sign_in_forgets_the_failures_before() {
    let service = TestService::start(&[]).await;
    service.user("ada@example.org", &["listener"]).await;
    for _ in 0..3 {
        for _ in 0..4 {
            assert_eq!(service.login("ada@example.org", "wrong").await.status, StatusCode::UNAUTHORIZED);
        }
        assert_eq!(service.login("ada@example.org", PASSWORD).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_body_that_is_no_sign_in_is_a_problem() {
    let service = TestService::start(&[]).await;
    for body in [
        json!({"email": "ada@example.org"}),
        json!({"email": "no address", "password": "x"}),
        json!({"email": "ada@example.org", "password": ""}),
        json!({"email": "ada\u{0}@example.org", "password": "x"}),
        json!({"email": "ada@example.org", "password": "x".repeat(1025)}),
        json!({"email": "ada@example.org", "password": "x", "remember": true}),
    ] {
        let answer = service.request(Method::POST, "/login", &[], Some(body.clone())).await;
        assert_eq!(
            (answer.status, answer.code()),
            (StatusCode::UNPROCESSABLE_ENTITY, "invalid_body"),
            "{body}"
        );
    }
}

#[tokio::test]
async fn a_refreshed_session_has_the_rights_of_now() {
    let service = TestService::start(&[]).await;
    let user = service.user("ada@example.org", &["listener"]).await;
    let first = service.login("ada@example.org", PASSWORD).await;
    let account =
        service.state.persistence.account(user.user_id, Tenants::All).await.expect("read").expect("a user");
    let promoted = User { roles: ["manager".parse().expect("a role")].into(), ..account.user };
    let updated = service.state.persistence.update_user(&promoted, None, &audit(Action::UserUpdated)).await;
    updated.expect("stored").expect("not refused");
    let second = service.post_with_cookie("/refresh", &first.cookie()).await;
    assert_eq!(second.status, StatusCode::OK, "{second:?}");
    assert_ne!(second.cookie(), first.cookie());
    assert_eq!(second.body["user"]["roles"], json!(["manager"]));
    assert_eq!(service.get("/me", &second.access_token()).await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_old_token_within_ten_seconds_is_a_conflict() {
    let service = TestService::start(&[]).await;
    service.user("ada@example.org", &["listener"]).await;
    let first = service.login("ada@example.org", PASSWORD).await.cookie();
    let second = service.post_with_cookie("/refresh", &first).await.cookie();
    let conflict = service.post_with_cookie("/refresh", &first).await;
    assert_eq!((conflict.status, conflict.code()), (StatusCode::CONFLICT, "just_refreshed"));
    assert!(!conflict.headers.contains_key(header::SET_COOKIE), "the other tab's cookie stays");
    assert_eq!(service.post_with_cookie("/refresh", &second).await.status, StatusCode::OK, "nothing changed");
}

#[tokio::test]
async fn refresh_token_reuse_revokes_the_family() {
    let service = TestService::start(&[]).await;
    let user = service.user("ada@example.org", &["listener"]).await;
    // A session that was renewed 11 seconds ago.
    let (old, successor) = (RefreshToken::generate(), RefreshToken::generate());
    let at = |seconds| clock::now() - TimeDelta::seconds(seconds);
    let new = |token, seconds| NewRefreshToken::new(token, at(seconds), Duration::from_secs(3600));
    let persistence = &service.state.persistence;
    let session = SessionId::generate();
    assert!(persistence.start_session(user.user_id, session, &new(&old, 60), None).await.expect("stored"));
    persistence.refresh(&old.hash(), &new(&successor, 11)).await.expect("stored");

    let cookie = |token: &RefreshToken| format!("ilenia_refresh={}", token.expose());
    let reuse = service.post_with_cookie("/refresh", &cookie(&old)).await;
    assert_eq!((reuse.status, reuse.code()), (StatusCode::UNAUTHORIZED, "session_ended"));
    assert_eq!(reuse.cookie(), "ilenia_refresh=", "the cookie is taken away");
    let revoked = service.post_with_cookie("/refresh", &cookie(&successor)).await;
    assert_eq!(revoked.status, StatusCode::UNAUTHORIZED);
    let filter = AuditFilter { action: Some(Action::RefreshTokenReused), ..AuditFilter::default() };
    let lines =
        persistence.audit_log(Tenants::All, &filter, Slice { after: None, limit: 10 }).await.expect("read");
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0].customer_id, Some(user.customer_id));
    assert_eq!(lines[0].details["session_id"], session.to_string());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thirty_two_parallel_refreshes_leave_one_successor() {
    let service = TestService::start(&[]).await;
    service.user("ada@example.org", &["listener"]).await;
    let cookie = service.login("ada@example.org", PASSWORD).await.cookie();
    let answers =
        futures_util::future::join_all((0..32).map(|_| service.post_with_cookie("/refresh", &cookie))).await;
    let (renewed, others): (Vec<_>, Vec<_>) =
        answers.into_iter().partition(|answer| answer.status == StatusCode::OK);
    assert_eq!(renewed.len(), 1);
    assert!(others.iter().all(|answer| answer.status == StatusCode::CONFLICT), "{others:?}");
    assert_eq!(service.post_with_cookie("/refresh", &renewed[0].cookie()).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_foreign_page_cannot_use_the_session() {
    let service = TestService::start(&[("FRONTEND_URL", "https://app.example.org")]).await;
    service.user("ada@example.org", &["listener"]).await;
    let mut cookie = service.login("ada@example.org", PASSWORD).await.cookie();
    for path in ["/refresh", "/logout"] {
        let headers = [(header::COOKIE, &*cookie), (header::ORIGIN, "https://evil.test")];
        let answer = service.request(Method::POST, path, &headers, None).await;
        assert_eq!((answer.status, answer.code()), (StatusCode::FORBIDDEN, "forbidden"), "{path}");
    }
    for origin in ["https://app.example.org", "https://auth.test"] {
        let headers = [(header::COOKIE, &*cookie), (header::ORIGIN, origin)];
        let answer = service.request(Method::POST, "/refresh", &headers, None).await;
        assert_eq!(answer.status, StatusCode::OK, "{origin}");
        cookie = answer.cookie();
    }
}

#[tokio::test]
async fn who_has_no_session_cannot_refresh() {
    let service = TestService::start(&[]).await;
    for cookie in ["", "ilenia_refresh=", "ilenia_refresh=guess", "other=1"] {
        let answer = service.post_with_cookie("/refresh", cookie).await;
        assert_eq!((answer.status, answer.code()), (StatusCode::UNAUTHORIZED, "session_ended"), "{cookie:?}");
    }
}

#[tokio::test]
async fn a_disabled_user_is_out_at_once() {
    let service = TestService::start(&[]).await;
    let user = service.user("ada@example.org", &["listener"]).await;
    let answer = service.login("ada@example.org", PASSWORD).await;
    disable(&service, &user).await;
    let me = service.get("/me", &answer.access_token()).await;
    assert_eq!((me.status, me.code()), (StatusCode::UNAUTHORIZED, "invalid_token"));
    let refreshed = service.post_with_cookie("/refresh", &answer.cookie()).await;
    assert_eq!(refreshed.status, StatusCode::UNAUTHORIZED);
    assert_eq!(refreshed.cookie(), "ilenia_refresh=");
}

#[tokio::test]
async fn signing_out_ends_the_session_and_may_be_repeated() {
    let service = TestService::start(&[]).await;
    service.user("ada@example.org", &["listener"]).await;
    let answer = service.login("ada@example.org", PASSWORD).await;
    for _ in 0..2 {
        let out = service.post_with_cookie("/logout", &answer.cookie()).await;
        assert_eq!((out.status, out.body.clone()), (StatusCode::NO_CONTENT, Value::Null));
        assert_eq!(out.cookie(), "ilenia_refresh=");
    }
    assert_eq!(service.request(Method::POST, "/logout", &[], None).await.status, StatusCode::NO_CONTENT);
    assert_eq!(service.post_with_cookie("/refresh", &answer.cookie()).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(service.get("/me", &answer.access_token()).await.status, StatusCode::OK, "until it expires");
}

#[tokio::test]
async fn signing_out_everywhere_ends_all_sessions_and_access_tokens() {
    let service = TestService::start(&[]).await;
    let user = service.user("ada@example.org", &["listener"]).await;
    let one = service.login("ada@example.org", PASSWORD).await;
    let other = service.login("ada@example.org", PASSWORD).await;
    let out = service.post_with_cookie("/logout?all=true", &one.cookie()).await;
    assert_eq!(out.status, StatusCode::NO_CONTENT);
    for session in [&one, &other] {
        assert_eq!(
            service.post_with_cookie("/refresh", &session.cookie()).await.status,
            StatusCode::UNAUTHORIZED
        );
        assert_eq!(service.get("/me", &session.access_token()).await.status, StatusCode::UNAUTHORIZED);
    }
    let told = service.state.live.get(&format!("auth:not_before:{}", user.user_id)).await.expect("read");
    assert!(told.is_some(), "the other services are told");
    let again = service.login("ada@example.org", PASSWORD).await;
    assert_eq!(
        service.get("/me", &again.access_token()).await.status,
        StatusCode::OK,
        "a later token is good"
    );
    let nonsense = service.post_with_cookie("/logout?all=perhaps", &again.cookie()).await;
    assert_eq!((nonsense.status, nonsense.code()), (StatusCode::BAD_REQUEST, "invalid_query"));
}

async fn change(service: &TestService, token: &str, cookie: &str, current: &str, new: &str) -> Answer {
    let bearer = format!("Bearer {token}");
    let headers = [(header::AUTHORIZATION, &*bearer), (header::COOKIE, cookie)];
    let body = json!({"current_password": current, "new_password": new});
    service.request(Method::POST, "/password", &headers, Some(body)).await
}

#[tokio::test]
async fn a_changed_password_ends_the_other_sessions_and_keeps_this_one() {
    let service = TestService::start(&[]).await;
    service.user("ada@example.org", &["listener"]).await;
    let mine = service.login("ada@example.org", PASSWORD).await;
    let other = service.login("ada@example.org", PASSWORD).await;
    let changed =
        change(&service, &mine.access_token(), &mine.cookie(), PASSWORD, "another fine password").await;
    assert_eq!(changed.status, StatusCode::OK, "{changed:?}");
    assert_eq!(service.get("/me", &changed.access_token()).await.status, StatusCode::OK);
    for old in [&mine, &other] {
        assert_eq!(service.get("/me", &old.access_token()).await.status, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(service.post_with_cookie("/refresh", &other.cookie()).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(service.post_with_cookie("/refresh", &mine.cookie()).await.status, StatusCode::OK);
    assert_eq!(service.login("ada@example.org", PASSWORD).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(service.login("ada@example.org", "another fine password").await.status, StatusCode::OK);
}

#[tokio::test]
async fn guessing_the_current_password_is_stopped() {
    let service = TestService::start(&[]).await;
    service.user("ada@example.org", &["listener"]).await;
    let session = service.login("ada@example.org", PASSWORD).await;
    let (token, cookie) = (session.access_token(), session.cookie());
    for _ in 0..5 {
        let wrong = change(&service, &token, &cookie, "a wrong guess", "another fine password").await;
        assert_eq!((wrong.status, wrong.code()), (StatusCode::FORBIDDEN, "wrong_password"));
    }
    let stopped = change(&service, &token, &cookie, PASSWORD, "another fine password").await;
    assert_eq!(stopped.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(stopped.headers.contains_key(header::RETRY_AFTER));
    assert_eq!(
        service.login("ada@example.org", PASSWORD).await.status,
        StatusCode::OK,
        "the owner is not locked out"
    );
    for (current, new) in [(PASSWORD, "short"), (PASSWORD, PASSWORD), ("", "another fine password")] {
        let invalid = change(&service, &token, &cookie, current, new).await;
        assert_eq!(invalid.status, StatusCode::UNPROCESSABLE_ENTITY, "{current:?} {new:?}");
    }
}

#[tokio::test]
async fn a_hash_of_another_cost_is_made_again_at_sign_in() {
    let service = TestService::start(&[("ARGON2_PASSES", "2")]).await;
    let user = service.user("ada@example.org", &["listener"]).await;
    let hash = || async {
        service.state.persistence.password_hash(user.user_id).await.expect("read").expect("a hash")
    };
    let made = hash().await;
    assert!(made.contains("t=2"), "{made}");
    assert_eq!(service.login("ada@example.org", PASSWORD).await.status, StatusCode::OK);
    assert_eq!(hash().await, made, "a hash of today's cost stays");
    let cheaper =
        crate::passwords::PasswordCost { memory_kib: 32, passes: 1, lanes: 1, at_once: 1, waiting: 1 };
    let old = crate::passwords::Passwords::new(cheaper).expect("a cost");
    let old = old.hash(&PASSWORD.parse().expect("a password")).await.expect("a hash");
    let account =
        service.state.persistence.account(user.user_id, Tenants::All).await.expect("read").expect("a user");
    let line = audit(Action::PasswordChanged);
    let updated = service.state.persistence.update_user(&account.user, Some(&old), &line).await;
    updated.expect("stored").expect("not refused");
    assert_eq!(service.login("ada@example.org", PASSWORD).await.status, StatusCode::OK);
    assert!(hash().await.contains("t=2"));
}
