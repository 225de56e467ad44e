//! Services: verified requests per second on one core, their 99th percentile, memory after 100 000 of them, and
//! whether `/health` stays quick while people sign in.
//!
//! Each service runs as in production, `ilenia auth` and `ilenia events`, on a PostgreSQL and in memory, and is held
//! to one core; the load and the database have the other.

mod load;

use std::{path::Path, time::Duration};

use anyhow::{Result, ensure};

use self::load::{Load, Target};
use crate::service_process::{Postgres, Running, client, make_event, sign_in};

/// How many requests each figure is of.
const REQUESTS: usize = 100_000;
/// How many are asked at once.
const CONNECTIONS: usize = 16;
/// How many sign in at once while `/health` is asked.
const LOGINS: usize = 20;

#[expect(clippy::print_stdout, reason = "the figures are what this program is for")]
pub(crate) async fn measure(ilenia: &Path) -> Result<()> {
    println!("{REQUESTS} requests over {CONNECTIONS} connections, the service on one core");
    println!();
    println!("| | data in | requests/s | p50 ms | p99 ms | memory after, MB |");
    println!("|---|---|---|---|---|---|");
    let mut health = Vec::new();
    for in_postgres in [false, true] {
        let postgres = if in_postgres { Some(Postgres::start().await?) } else { None };
        let data = if in_postgres { "PostgreSQL" } else { "memory" };
        let auth = Running::auth(ilenia, postgres.as_ref()).await?;
        let events = Running::events(ilenia, &auth, postgres.as_ref()).await?;
        let token = sign_in(&auth).await?;
        let event = make_event(&events, &token).await?;
        for (service, path) in [(&auth, "/me".to_owned()), (&events, format!("/events/{event}"))] {
            let target = Target { address: service.address, path: path.clone(), token: token.clone() };
            // Connections, caches and pools are there before it counts.
            Load { requests: 2_000, connections: CONNECTIONS }.run(&target).await?;
            let figures = Load { requests: REQUESTS, connections: CONNECTIONS }.run(&target).await?;
            let path = path.replace(&event.to_string(), "{event_id}");
            println!(
                "| {} `GET {path}` | {data} | {:.0} | {:.2} | {:.2} | {:.1} |",
                service.name,
                figures.per_second(),
                figures.percentile_ms(0.5),
                figures.percentile_ms(0.99),
                service.pss_bytes()? as f64 / 1e6,
            );
        }
        health.push((data, health_during_logins(&auth).await?));
        events.stop().await?;
        auth.stop().await?;
    }
    println!();
    for (data, figures) in health {
        println!(
            "`GET /health` of the auth-service (data in {data}) while {LOGINS} sign in: p50 {:.1} ms, p95 {:.1} ms, worst {:.1} ms",
            figures.percentile_ms(0.5),
            figures.percentile_ms(0.95),
            figures.percentile_ms(1.0),
        );
    }
    Ok(())
}

/// Asks for `/health` again and again for as long as the sign-ins take.
async fn health_during_logins(auth: &Running) -> Result<load::Figures> {
    let (http, url, credentials) = (client()?, auth.url("/login"), Running::credentials());
    let logins = (0..LOGINS).map(|_| http.post(&url).json(&credentials).send());
    let logins = futures_util::future::join_all(logins);
    let target = Target { address: auth.address, path: "/health".to_owned(), token: String::new() };
    let (logins, figures) =
        tokio::join!(logins, Load { requests: 200, connections: 1 }.paced(&target, Duration::from_millis(5)));
    for login in logins {
        let status = login?.status().as_u16();
        ensure!(status == 200, "a sign-in was answered with {status}");
    }
    figures
}
