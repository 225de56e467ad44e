//! How events are written: of a change, only what is different.

use std::collections::BTreeSet;

use common::persistence::PersistenceError;
use sqlx::{PgTransaction, types::Json};

use crate::domain::{Channel, Event, Listener, Speaker};

/// Writes a new event; `false`: its id is taken.
pub(super) async fn insert(
    transaction: &mut PgTransaction<'_>,
    event: &Event,
) -> Result<bool, PersistenceError> {
    let done = sqlx::query!(
        "INSERT INTO events (event_id, customer_id, title, description, starts_at, ends_at, timezone, state,
            listen_access, last_channel_id, created_at, updated_at, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT (event_id) DO NOTHING",
        event.event_id.get(),
        event.customer_id.0,
        event.title.as_str(),
        event.description.as_ref().map(crate::domain::Description::as_str),
        event.starts_at,
        event.ends_at,
        event.timezone.name(),
        event.state.as_str(),
        event.listen_access.as_str(),
        event.last_channel_id,
        event.created_at,
        event.updated_at,
        event.version,
    )
    .execute(&mut **transaction)
    .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    write_channels(transaction, event, &[]).await?;
    write_speakers(transaction, event, &[]).await?;
    write_listeners(transaction, event, &[]).await?;
    Ok(true)
}

/// Writes a changed event, which is locked and was `before`.
pub(super) async fn update(
    transaction: &mut PgTransaction<'_>,
    before: &Event,
    event: &Event,
) -> Result<(), PersistenceError> {
    let done = sqlx::query!(
        "UPDATE events SET title = $2, description = $3, starts_at = $4, ends_at = $5, timezone = $6, state = $7,
            listen_access = $8, last_channel_id = $9, updated_at = $10, version = $11
         WHERE event_id = $1",
        event.event_id.get(),
        event.title.as_str(),
        event.description.as_ref().map(crate::domain::Description::as_str),
        event.starts_at,
        event.ends_at,
        event.timezone.name(),
        event.state.as_str(),
        event.listen_access.as_str(),
        event.last_channel_id,
        event.updated_at,
        event.version,
    )
    .execute(&mut **transaction)
    .await?;
    if done.rows_affected() != 1 {
        return Err(PersistenceError::corrupt(format_args!(
            "event {} vanished under its lock",
            event.event_id
        )));
    }
    write_channels(transaction, event, &before.channels).await?;
    write_speakers(transaction, event, &before.speakers).await?;
    write_listeners(transaction, event, &before.listeners).await
}

async fn write_channels(
    transaction: &mut PgTransaction<'_>,
    event: &Event,
    before: &[Channel],
) -> Result<(), PersistenceError> {
    let event_id = event.event_id.get();
    let kept: BTreeSet<i32> = event.channels.iter().map(|channel| channel.channel_id.get()).collect();
    let gone: Vec<i32> =
        before.iter().map(|channel| channel.channel_id.get()).filter(|id| !kept.contains(id)).collect();
    if !gone.is_empty() {
        sqlx::query!("DELETE FROM channels WHERE event_id = $1 AND channel_id = ANY ($2)", event_id, &gone)
            .execute(&mut **transaction)
            .await?;
    }
    let new: Vec<&Channel> = event.channels.iter().filter(|channel| !before.contains(channel)).collect();
    if !new.is_empty() {
        sqlx::query!(
            "INSERT INTO channels (event_id, channel_id, name, source_language, target_languages, record, speech, glossary)
             SELECT $1, c.* FROM jsonb_to_recordset($2) AS c (channel_id integer, name text, source_language text,
                target_languages text[], record boolean, speech boolean, glossary jsonb)
             ON CONFLICT (event_id, channel_id) DO UPDATE SET name = EXCLUDED.name,
                source_language = EXCLUDED.source_language, target_languages = EXCLUDED.target_languages,
                record = EXCLUDED.record, speech = EXCLUDED.speech, glossary = EXCLUDED.glossary",
            event_id,
            Json(new) as _,
        )
        .execute(&mut **transaction)
        .await?;
    }
    Ok(())
}

async fn write_speakers(
    transaction: &mut PgTransaction<'_>,
    event: &Event,
    before: &[Speaker],
) -> Result<(), PersistenceError> {
    let columns = |speakers: Vec<&Speaker>| -> (Vec<i32>, Vec<uuid::Uuid>) {
        speakers.iter().map(|speaker| (speaker.channel_id.get(), speaker.user_id.0)).unzip()
    };
    let (channels, users) = columns(missing(before, &event.speakers));
    if !users.is_empty() {
        // Those of a channel that is gone went with it.
        sqlx::query!(
            "DELETE FROM speakers WHERE event_id = $1
                AND (channel_id, user_id) IN (SELECT * FROM unnest($2::integer[], $3::uuid[]))",
            event.event_id.get(),
            &channels,
            &users,
        )
        .execute(&mut **transaction)
        .await?;
    }
    let (channels, users) = columns(missing(&event.speakers, before));
    if !users.is_empty() {
        sqlx::query!(
            "INSERT INTO speakers (event_id, channel_id, user_id) SELECT $1, * FROM unnest($2::integer[], $3::uuid[])",
            event.event_id.get(),
            &channels,
            &users,
        )
        .execute(&mut **transaction)
        .await?;
    }
    Ok(())
}

async fn write_listeners(
    transaction: &mut PgTransaction<'_>,
    event: &Event,
    before: &[Listener],
) -> Result<(), PersistenceError> {
    let users = |listeners: Vec<&Listener>| -> Vec<uuid::Uuid> {
        listeners.iter().map(|listener| listener.user_id.0).collect()
    };
    let gone = users(missing(before, &event.listeners));
    if !gone.is_empty() {
        sqlx::query!(
            "DELETE FROM listeners WHERE event_id = $1 AND user_id = ANY ($2)",
            event.event_id.get(),
            &gone
        )
        .execute(&mut **transaction)
        .await?;
    }
    let new = users(missing(&event.listeners, before));
    if !new.is_empty() {
        sqlx::query!(
            "INSERT INTO listeners (event_id, user_id) SELECT $1, * FROM unnest($2::uuid[])",
            event.event_id.get(),
            &new
        )
        .execute(&mut **transaction)
        .await?;
    }
    Ok(())
}

/// Those of `these` that are not among `others`, which are sorted.
fn missing<'a, T: Ord>(these: &'a [T], others: &[T]) -> Vec<&'a T> {
    these.iter().filter(|item| others.binary_search(item).is_err()).collect()
}
