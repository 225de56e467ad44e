//! `ilenia migrate` on real databases.

mod support;

use support::{assert_fails, ilenia, run};
use testkit::postgres::Database;

/// `ilenia migrate …` on that database.
fn migrate(database: &Database, arguments: &[&str]) -> std::process::Command {
    let mut command = ilenia(&["migrate"]);
    command.args(arguments).env("DATABASE_URL", database.url());
    command
}

#[tokio::test]
async fn of_two_at_once_on_an_empty_database_one_applies_everything() {
    for service in ["auth", "events", "livekit", "live"] {
        let database = Database::empty().await;
        assert_fails(
            &mut migrate(&database, &[service, "--check"]),
            1,
            &["not up to date", "hint: `ilenia migrate`"],
        );
        let (first, second) = std::thread::scope(|scope| {
            let first = scope.spawn(|| run(&mut migrate(&database, &[service])));
            let second = scope.spawn(|| run(&mut migrate(&database, &[service])));
            (first.join().expect("it ran"), second.join().expect("it ran"))
        });
        assert_eq!((first.code, second.code), (Some(0), Some(0)), "{}{}", first.stderr, second.stderr);
        let mut outputs = [first.stdout, second.stdout];
        outputs.sort();
        assert!(outputs[0].starts_with("applied 2026"), "{outputs:?}");
        assert_eq!(outputs[1], "up to date\n");
        assert_eq!(run(&mut migrate(&database, &[service, "--check"])).code, Some(0));
    }
}

#[tokio::test]
async fn a_newer_database_and_that_of_another_service_are_refused() {
    let database = Database::empty().await;
    assert_eq!(run(&mut migrate(&database, &["auth"])).code, Some(0));
    assert_fails(&mut migrate(&database, &["events"]), 1, &["this program", "hint: "]);
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (99990101000000, 'of tomorrow', true, '', 0)",
    )
    .execute(database.pool())
    .await
    .expect("a migration of tomorrow");
    assert_fails(&mut migrate(&database, &["auth"]), 1, &["newer than this program", "99990101000000"]);
}

#[test]
fn a_database_that_is_not_named_or_not_there_is_told() {
    assert_fails(ilenia(&["migrate", "auth"]).env_remove("DATABASE_URL"), 64, &["DATABASE_URL: needed"]);
    assert_fails(ilenia(&["migrate", "auth"]).env("DATABASE_URL", "mysql:/x"), 64, &["DATABASE_URL: "]);
    let nowhere = "postgres://nobody@127.0.0.1:1/nothing";
    assert_fails(ilenia(&["migrate", "auth"]).env("DATABASE_URL", nowhere), 69, &["not available"]);
}
