//! How fast and how light: `make bench`.

mod process;
mod rooms;
mod service_process;
mod services;
mod sessions;

use anyhow::{Context, Result};

use crate::rooms::{Place, agents_process};

#[tokio::main]
async fn main() -> Result<()> {
    rustls::crypto::aws_lc_rs::default_provider().install_default().ok().context("one TLS provider")?;
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    common::telemetry::init("warn", common::telemetry::LogFormat::Text).map_err(anyhow::Error::msg)?;
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["agents", rooms, url, key, secret, engines] => {
            let place = Place {
                url: (*url).to_owned(),
                api_key: (*key).to_owned(),
                api_secret: (*secret).to_owned(),
                engines: engines.parse()?,
            };
            agents_process::run(&place, rooms.parse()?).await
        }
        ["services", ilenia] => services::measure(ilenia.as_ref()).await,
        ["sessions", ilenia] => sessions::measure(ilenia.as_ref(), &[1, 4, 8]).await,
        ["rooms"] => rooms::measure(&[1, 4, 8]).await,
        ["rooms", counts @ ..] => {
            rooms::measure(&counts.iter().map(|n| n.parse()).collect::<Result<Vec<_>, _>>()?).await
        }
        _ => anyhow::bail!(
            "usage: bench rooms [COUNT…] | bench services PATH-OF-ILENIA | bench sessions PATH-OF-ILENIA"
        ),
    }
}
