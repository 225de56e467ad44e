//! Templates.

use common::{
    access::{Subject, Tenants},
    ids::CustomerId,
};
use events::{
    domain::{NewTemplate, Template, TemplatePatch},
    persistence::{Expected, TemplateRefusal},
};
use serde_json::json;

use super::{Store, moment, on_both};

on_both!(
    a_template_is_read_back_as_it_was_made,
    templates_of_other_customers_do_not_exist,
    a_list_goes_on_where_the_page_before_ended,
    of_several_changes_to_one_version_one_is_made,
    what_makes_no_sense_changes_nothing,
    a_deleted_template_is_gone,
);

fn template(customer: CustomerId, name: &str) -> Template {
    let new: NewTemplate = serde_json::from_value(json!({
        "name": name, "description": "Lines\nof text", "title": "{date}", "timezone": "Europe/Madrid",
        "listen_access": "public", "duration_minutes": 45, "channels": [{
            "channel_id": 7, "name": "Main", "source_language": "en", "target_languages": ["ca-ES"], "record": true,
            "speech": true, "glossary": {"ca-ES": {"vote": "vot"}}
        }]
    }))
    .expect("a template");
    new.build(customer, &Subject::Service("tests".to_owned()), moment(0)).expect("a template")
}

async fn kept(store: &Store, customer: CustomerId, name: &str) -> Template {
    let template = template(customer, name);
    store.create_template(&template).await.expect("a store");
    template
}

fn rename(name: &str) -> TemplatePatch {
    TemplatePatch { name: Some(name.parse().expect("a name")), ..TemplatePatch::default() }
}

async fn a_template_is_read_back_as_it_was_made(store: Store) {
    let customer = CustomerId::generate();
    let template = kept(&store, customer, "Weekly").await;
    let read = store.template(template.template_id, Tenants::One(customer)).await.expect("a store");
    assert_eq!(read, Some(template));
}

async fn templates_of_other_customers_do_not_exist(store: Store) {
    let (customer, other) = (CustomerId::generate(), CustomerId::generate());
    let template = kept(&store, customer, "Weekly").await;
    let id = template.template_id;
    for scope in [Tenants::One(other), Tenants::None] {
        assert_eq!(store.template(id, scope).await.expect("a store"), None);
        assert_eq!(store.templates(scope, None, None, 10).await.expect("a store"), []);
        assert_eq!(store.templates(scope, Some(customer), None, 10).await.expect("a store"), []);
        let changed = store.change_template(id, scope, &Expected::ANY, &rename("X"), moment(1)).await;
        assert_eq!(changed.expect("a store"), Err(TemplateRefusal::NoTemplate));
        let deleted = store.delete_template(id, scope, &Expected::ANY).await.expect("a store");
        assert_eq!(deleted, Err(TemplateRefusal::NoTemplate));
    }
    assert_eq!(store.template(id, Tenants::All).await.expect("a store"), Some(template));
}

async fn a_list_goes_on_where_the_page_before_ended(store: Store) {
    let (customer, other) = (CustomerId::generate(), CustomerId::generate());
    let mut all = Vec::new();
    for number in 0..5 {
        all.push(kept(&store, if number == 2 { other } else { customer }, "T").await);
    }
    let first = store.templates(Tenants::All, None, None, 3).await.expect("a store");
    assert_eq!(first, all[..3]);
    let after = Some(first[2].template_id);
    assert_eq!(store.templates(Tenants::All, None, after, 3).await.expect("a store"), all[3..]);
    assert_eq!(store.templates(Tenants::All, Some(other), None, 3).await.expect("a store"), all[2..3]);
    assert_eq!(store.templates(Tenants::One(customer), None, None, 9).await.expect("a store").len(), 4);
}

async fn of_several_changes_to_one_version_one_is_made(store: Store) {
    let customer = CustomerId::generate();
    let id = kept(&store, customer, "Weekly").await.template_id;
    let changes = (0..8).map(|number| {
        let store = store.clone();
        let (expected, patch) = (Expected(Some(vec![1])), rename(&format!("Name {number}")));
        tokio::spawn(async move {
            store
                .change_template(id, Tenants::One(customer), &expected, &patch, moment(1))
                .await
                .expect("a store")
        })
    });
    let mut made = Vec::new();
    for change in changes.collect::<Vec<_>>() {
        match change.await.expect("no panic") {
            Ok(template) => made.push(template),
            Err(refusal) => assert_eq!(refusal, TemplateRefusal::Stale),
        }
    }
    assert_eq!(made.len(), 1);
    assert_eq!((made[0].version, made[0].updated_at), (2, moment(1)));
    assert_eq!(store.template(id, Tenants::All).await.expect("a store").as_ref(), made.first());
}

async fn what_makes_no_sense_changes_nothing(store: Store) {
    let template = kept(&store, CustomerId::generate(), "Weekly").await;
    let endless = TemplatePatch { duration_minutes: Some(0), ..rename("Other") };
    let changed = store
        .change_template(template.template_id, Tenants::All, &Expected::ANY, &endless, moment(1))
        .await
        .expect("a store");
    assert!(matches!(changed, Err(TemplateRefusal::Refused(_))), "{changed:?}");
    let same = store
        .change_template(template.template_id, Tenants::All, &Expected::ANY, &rename("Weekly"), moment(1))
        .await
        .expect("a store");
    assert_eq!(same, Ok(template));
}

async fn a_deleted_template_is_gone(store: Store) {
    let id = kept(&store, CustomerId::generate(), "Weekly").await.template_id;
    let stale = store.delete_template(id, Tenants::All, &Expected(Some(vec![7]))).await.expect("a store");
    assert_eq!(stale, Err(TemplateRefusal::Stale));
    assert_eq!(
        store.delete_template(id, Tenants::All, &Expected(Some(vec![1]))).await.expect("a store"),
        Ok(())
    );
    assert_eq!(store.template(id, Tenants::All).await.expect("a store"), None);
    let again = store.delete_template(id, Tenants::All, &Expected::ANY).await.expect("a store");
    assert_eq!(again, Err(TemplateRefusal::NoTemplate));
}
