//! `ilenia import` as an operator uses it: with a file, a database and an exit code.

mod support;

use std::path::PathBuf;

use events::persistence::postgres::MIGRATOR;
use support::{Ended, assert_fails, ilenia, run};
use testkit::postgres::Database;

const CUSTOMER: &str = "0192f0c1-2a6b-7c3d-8e4f-5a6b7c8d9e0f";

fn fixture(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../events/tests/import").join(name);
    path.to_str().expect("utf-8").to_owned()
}

async fn import(database: &Database, arguments: &[&str]) -> Ended {
    let mut command = ilenia(&["import", "--customer", CUSTOMER]);
    command.args(arguments).env("DATABASE_URL", database.url());
    tokio::task::spawn_blocking(move || run(&mut command)).await.expect("no panic")
}

async fn titles(database: &Database) -> Vec<(String, String)> {
    sqlx::query_as("SELECT title, state FROM events ORDER BY title")
        .fetch_all(database.pool())
        .await
        .expect("events")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_imported_once_however_often_it_is_given() {
    let database = Database::create(&MIGRATOR).await;
    let file = fixture("map.json");
    let tried = import(&database, &[&file, "--dry-run"]).await;
    assert_eq!(tried.code, Some(0), "{}", tried.stderr);
    assert!(tried.stdout.ends_with("2 entries: 2 created (nothing was changed)\n"), "{}", tried.stdout);
    assert_eq!(titles(&database).await, []);
    let first = import(&database, &[&file]).await;
    assert_eq!((first.code, first.stderr.as_str()), (Some(0), ""));
    assert!(first.stdout.starts_with("entry 1 (345679): created 345679\n"), "{}", first.stdout);
    assert!(first.stdout.ends_with("2 entries: 2 created\n"), "{}", first.stdout);
    let second = import(&database, &[&file]).await;
    assert!(second.stdout.ends_with("2 entries: 2 unchanged\n"), "{}", second.stdout);
    let state = |title: &str, state: &str| (title.to_owned(), state.to_owned());
    assert_eq!(titles(&database).await, [state("Cancelled one", "cancelled"), state("Two stages", "ready")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_that_are_refused_are_told_and_the_others_taken() {
    let database = Database::create(&MIGRATOR).await;
    let ended = import(&database, &[&fixture("damaged.json")]).await;
    assert_eq!(ended.code, Some(65), "{}", ended.stderr);
    assert!(ended.stdout.contains("entry 4 (123459): refused: starts_at \"next week\""), "{}", ended.stdout);
    assert!(ended.stderr.contains("not every entry could be taken"), "{}", ended.stderr);
    assert_eq!(titles(&database).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_without_tables_is_told() {
    let database = Database::empty().await;
    let ended = import(&database, &[&fixture("map.json")]).await;
    assert_ne!(ended.code, Some(0));
    assert!(ended.stderr.contains("migrate"), "{}", ended.stderr);
}

#[test]
fn what_is_missing_or_wrong_is_named() {
    let file = fixture("list.json");
    let import = |arguments: &[&str]| {
        let mut command = ilenia(&["import"]);
        command.args(arguments).env_remove("DATABASE_URL");
        command
    };
    assert_fails(&mut import(&[&file]), 64, &["--customer"]);
    assert_fails(&mut import(&[&file, "--customer", "me"]), 64, &["--customer", "me"]);
    assert_fails(&mut import(&[&file, "--customer", CUSTOMER]), 64, &["DATABASE_URL: required"]);
    let with_database = |arguments: &[&str]| {
        let mut command = import(arguments);
        command.env("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none");
        command
    };
    assert_fails(&mut with_database(&["/nowhere.json", "--customer", CUSTOMER]), 66, &["/nowhere.json"]);
    let no_json = fixture("main.rs");
    assert_fails(&mut with_database(&[&no_json, "--customer", CUSTOMER]), 65, &["main.rs", "not JSON"]);
}
