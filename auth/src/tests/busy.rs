//! Many people sign in at once, at the real cost.

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use super::Served;
use crate::testing::PASSWORD;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_answers_within_50_ms_while_twenty_sign_in() {
    // Without the cheap hashes of other tests.
    let real = [("ARGON2_MEMORY_KIB", "19456"), ("ARGON2_PASSES", "2"), ("ARGON2_AT_ONCE", "1")];
    let served = Served::start(&real).await;
    served.service.user("ada@example.org", &["listener"]).await;
    let (client, url) = (served.client(), served.url.clone());
    let sign_ins: Vec<_> = (0..20)
        .map(|_| {
            let body = json!({"email": "ada@example.org", "password": PASSWORD});
            tokio::spawn(client.post(format!("{url}/login")).json(&body).send())
        })
        .collect();
    let mut delays = Vec::new();
    while delays.len() < 20 || !sign_ins.iter().all(tokio::task::JoinHandle::is_finished) {
        let asked = Instant::now();
        let answer = client.get(format!("{url}/health")).send().await.expect("an answer");
        assert!(answer.status().is_success());
        delays.push(asked.elapsed());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    for sign_in in sign_ins {
        let answer = sign_in.await.expect("no panic").expect("an answer");
        assert_eq!(answer.status(), 200);
    }
    delays.sort_unstable();
    let p95 = delays[delays.len() * 95 / 100];
    assert!(p95 < Duration::from_millis(50), "p95 {p95:?} of {}", delays.len());
}
