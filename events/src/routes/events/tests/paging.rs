use std::collections::BTreeSet;

use serde_json::json;

use crate::testing::TestService;

async fn list(service: &TestService, query: &str) -> Vec<i64> {
    let answer = service.call(&format!("GET /events?{query}")).by(&service.manager()).await.expect(200);
    let items = answer.body["items"].as_array().expect("items").iter();
    items.map(|event| event["event_id"].as_i64().expect("an id")).collect()
}

#[tokio::test]
async fn pages_have_each_event_once_while_others_are_made() {
    let service = TestService::new();
    let mut before = BTreeSet::new();
    for n in 0..17 {
        // Several at the same time, so that the id decides.
        let starts_at = format!("2026-05-{:02}T10:00:00Z", 10 + n / 3);
        before.insert(
            service.event_with(json!({ "starts_at": starts_at, "ends_at": "2026-06-01T00:00:00Z" })).await,
        );
    }
    let (mut seen, mut cursor, mut n) = (Vec::new(), String::new(), 0);
    loop {
        let path = format!("GET /events?limit=4{cursor}");
        let page = service.call(&path).by(&service.manager()).await.expect(200);
        let items = page.body["items"].as_array().expect("items");
        assert!(items.len() <= 4);
        seen.extend(items.iter().map(|event| {
            (
                event["starts_at"].as_str().expect("a time").to_owned(),
                event["event_id"].as_i64().expect("an id"),
            )
        }));
        // One before all others, one after them, one somewhere between.
        for starts_at in ["2026-01-01T00:00:00Z", "2026-05-31T00:00:00Z", "2026-05-12T10:00:00Z"] {
            service.event_with(json!({ "starts_at": starts_at, "ends_at": "2026-06-01T00:00:00Z" })).await;
        }
        n += 1;
        assert!(n < 50, "the list ends");
        match page.body["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert!(seen.is_sorted(), "{seen:?}");
    let ids: BTreeSet<i64> = seen.iter().map(|(_, id)| *id).collect();
    assert_eq!(ids.len(), seen.len(), "none twice");
    assert!(before.is_subset(&ids), "none left out");
}

#[tokio::test]
async fn filters_narrow_the_list() {
    let service = TestService::new();
    let day = |day: u8, title: &str| json!({ "title": title, "starts_at": format!("2026-05-{day:02}T10:00:00Z"), "ends_at": "2026-06-01T00:00:00Z" });
    let spring = service.event_with(day(1, "Spring ASSEMBLY")).await;
    let talk = service.event_with(day(2, "A talk, 100 %")).await;
    let late = service.event_with(day(3, "Late assembly")).await;
    service.move_through(talk, &["scheduled"]).await;
    service.move_through(late, &["scheduled", "live"]).await;
    assert_eq!(list(&service, "").await, [spring, talk, late]);
    assert_eq!(list(&service, "state=live").await, [late]);
    assert_eq!(list(&service, "state=draft,scheduled").await, [spring, talk]);
    assert_eq!(list(&service, "starts_after=2026-05-02T10:00:00Z").await, [talk, late]);
    assert_eq!(list(&service, "starts_before=2026-05-02T12:00:00%2B02:00").await, [spring]);
    assert_eq!(list(&service, "q=assembly").await, [spring, late]);
    assert_eq!(list(&service, "q=%25").await, [talk], "no wildcards");
    assert_eq!(list(&service, "q=&state=live").await, [late]);
    assert_eq!(list(&service, &format!("customer_id={}", service.customer)).await, [spring, talk, late]);
    assert!(list(&service, &format!("customer_id={}", common::ids::CustomerId::generate())).await.is_empty());
}
