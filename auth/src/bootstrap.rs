//! What has to be there from the start: somebody who can make all else, and the services of the platform.

use std::time::Duration;

use common::{
    access::{Permission, PermissionSet, Tenants},
    clock,
};
use serde_json::json;

use crate::{
    admin::{self, AdminError, NewAdmin},
    config::{BootstrapConfig, BuiltInClient},
    domain::{
        Action, AuditEntry, ClientId, InvalidText, OAuthClient, SecretHash, Target, client::ClientName,
        stored,
    },
    passwords::{InvalidPassword, Passwords},
    persistence::{Persistence, PersistenceError, Refusal},
};

/// When the configured secret of a built-in client changed, the one before is good for so long: the services do not all
/// start again at once.
const OLD_SECRET: Duration = Duration::from_secs(3600);

/// Why not all could be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BootstrapError {
    #[error("BOOTSTRAP_ADMIN_EMAIL, BOOTSTRAP_CUSTOMER_NAME or a client's id: {0}")]
    Text(#[from] InvalidText),
    #[error("BOOTSTRAP_ADMIN_PASSWORD: {0}")]
    Password(#[from] InvalidPassword),
    #[error("the first administrator cannot be made: {0}")]
    Admin(#[source] AdminError),
    #[error("the client {0} cannot be registered: {1}")]
    Client(ClientId, #[source] Refusal),
    #[error(transparent)]
    Persistence(#[from] PersistenceError),
}

/// Makes what is missing. Safe on several instances at once.
pub(crate) async fn bootstrap(
    persistence: &dyn Persistence,
    passwords: &Passwords,
    config: &BootstrapConfig,
) -> Result<(), BootstrapError> {
    first_admin(persistence, passwords, config).await?;
    for client in &config.clients {
        built_in_client(persistence, client).await?;
    }
    Ok(())
}

async fn first_admin(
    persistence: &dyn Persistence,
    passwords: &Passwords,
    config: &BootstrapConfig,
) -> Result<(), BootstrapError> {
    let Some((email, password)) = &config.admin else { return Ok(()) };
    if admin::exists(persistence).await? {
        return Ok(());
    }
    let admin = NewAdmin {
        email: email.parse()?,
        password: Some(password.expose().parse()?),
        display_name: "Administrator".parse()?,
        customer_name: config.customer_name.parse()?,
    };
    match admin::create(persistence, passwords, admin).await {
        Ok(created) => tracing::info!(user.id = %created.user_id, "made the first administrator"),
        // Another instance was faster.
        Err(AdminError::EmailTaken) => {}
        Err(AdminError::Persistence(error)) => return Err(error.into()),
        Err(error) => return Err(BootstrapError::Admin(error)),
    }
    Ok(())
}

/// What each service of the platform may.
fn scopes(service: &str) -> PermissionSet {
    use Permission::{AgentsToken, EventsRead, RoomsManage, SegmentsWrite, SessionsRecord};
    let scopes: &[Permission] = match service {
        "live-service" => &[EventsRead, SessionsRecord, AgentsToken, RoomsManage, SegmentsWrite],
        "live-event-service" => &[EventsRead, SessionsRecord, AgentsToken, SegmentsWrite],
        // The provider reads who may speak and listen, and passes on what happens in rooms.
        _ => &[EventsRead, RoomsManage],
    };
    scopes.iter().copied().collect()
}

async fn built_in_client(
    persistence: &dyn Persistence,
    built_in: &BuiltInClient,
) -> Result<(), BootstrapError> {
    let client_id: ClientId = built_in.client_id.parse()?;
    let hash = SecretHash::of(&built_in.secret);
    // A second round when another instance was faster with the first.
    let mut refused = Refusal::Stale;
    for _ in 0..3 {
        let now = clock::now();
        let record = persistence.client_record(&client_id, now).await?;
        let stored_client = persistence.client(&client_id, Tenants::All).await?;
        let outcome = match (record, stored_client) {
            (Some(record), _) if record.secrets.contains(&hash) => return Ok(()),
            (_, Some(client)) => {
                let (target, details) = (Target::new("client", &client_id), json!({"by": "configuration"}));
                let audit = AuditEntry::by_system(Action::ClientSecretRotated, None, target, details, now);
                let old_until = stored(now + OLD_SECRET);
                let rotated = persistence.rotate_client_secret(
                    &client_id,
                    client.version,
                    &hash,
                    old_until,
                    None,
                    &audit,
                );
                rotated.await?.map(drop)
            }
            (_, None) => {
                let client = new_client(&client_id, built_in.service)?;
                let details = json!({"scopes": client.scopes});
                let target = Target::new("client", &client_id);
                let audit = AuditEntry::by_system(Action::ClientCreated, None, target, details, now);
                persistence.add_client(&client, &hash, &audit).await?
            }
        };
        match outcome {
            Ok(()) => {
                tracing::info!(client.id = %client_id, "a service of the platform can get tokens");
                return Ok(());
            }
            Err(refusal) => refused = refusal,
        }
    }
    Err(BootstrapError::Client(client_id, refused))
}

fn new_client(client_id: &ClientId, service: &str) -> Result<OAuthClient, InvalidText> {
    let now = stored(clock::now());
    Ok(OAuthClient {
        client_id: client_id.clone(),
        name: service.parse::<ClientName>()?,
        customer_id: None,
        scopes: scopes(service),
        disabled: false,
        created_at: now,
        updated_at: now,
        not_before: None,
        version: 1,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use common::config::Secret;

    use super::*;
    use crate::{
        passwords::PasswordCost,
        persistence::{Slice, UserFilter, suite::on_both},
    };

    on_both!(
        starts_at_once_make_one_administrator_and_each_client_once,
        where_there_is_an_administrator_none_is_made,
        a_changed_secret_is_taken_up_and_the_old_one_is_good_for_a_while,
    );

    fn passwords() -> Passwords {
        let cost = PasswordCost { memory_kib: 64, passes: 1, lanes: 1, at_once: 4, waiting: 10 };
        Passwords::new(cost).expect("a cost")
    }

    fn config(email: &str, secret: &str) -> BootstrapConfig {
        BootstrapConfig {
            admin: Some((email.to_owned(), Secret::new("correct horse battery staple"))),
            customer_name: "Default".to_owned(),
            clients: vec![BuiltInClient {
                service: "live-service",
                client_id: "live-service".to_owned(),
                secret: Secret::new(secret),
            }],
        }
    }

    async fn users(persistence: &Arc<dyn Persistence>) -> usize {
        let slice = Slice { after: None, limit: 10 };
        persistence.users(Tenants::All, &UserFilter::default(), slice).await.expect("read").len()
    }

    async fn starts_at_once_make_one_administrator_and_each_client_once(persistence: Arc<dyn Persistence>) {
        let starts: Vec<_> = (0..4)
            .map(|_| {
                let (persistence, passwords) = (Arc::clone(&persistence), passwords());
                tokio::spawn(async move {
                    bootstrap(&*persistence, &passwords, &config("root@example.org", "0123456789abcdef"))
                        .await
                })
            })
            .collect();
        for start in starts {
            start.await.expect("no panic").expect("made");
        }
        assert_eq!(users(&persistence).await, 1);
        assert!(admin::exists(&*persistence).await.expect("read"));
        let customers =
            persistence.customers(Tenants::All, Slice { after: None, limit: 10 }).await.expect("read");
        assert_eq!(customers.len(), 1);
        let client_id = "live-service".parse().expect("an id");
        let record =
            persistence.client_record(&client_id, clock::now()).await.expect("read").expect("a client");
        assert_eq!(record.secrets.len(), 1);
        assert!(record.accepts(&Secret::new("0123456789abcdef")));
    }

    async fn where_there_is_an_administrator_none_is_made(persistence: Arc<dyn Persistence>) {
        let first = config("root@example.org", "0123456789abcdef");
        bootstrap(&*persistence, &passwords(), &first).await.expect("made");
        let other = config("other@example.org", "0123456789abcdef");
        bootstrap(&*persistence, &passwords(), &other).await.expect("nothing to do");
        assert_eq!(users(&persistence).await, 1);
    }

    async fn a_changed_secret_is_taken_up_and_the_old_one_is_good_for_a_while(
        persistence: Arc<dyn Persistence>,
    ) {
        for secret in ["0123456789abcdef", "fedcba9876543210"] {
            let config = config("root@example.org", secret);
            bootstrap(&*persistence, &passwords(), &config).await.expect("made");
        }
        let client_id = "live-service".parse().expect("an id");
        for (later, old_is_good) in [(0, true), (3700, false)] {
            let now = clock::now() + Duration::from_secs(later);
            let record = persistence.client_record(&client_id, now).await.expect("read").expect("a client");
            assert!(record.accepts(&Secret::new("fedcba9876543210")), "{later}");
            assert_eq!(record.accepts(&Secret::new("0123456789abcdef")), old_is_good, "{later}");
        }
    }
}
