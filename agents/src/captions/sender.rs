//! Captions → text streams of the room.

use std::{sync::Arc, time::Duration};

use livekit::{Room, SendTextOptions, StreamError};
use tokio::{sync::watch, time::sleep};

use super::{Captions, TOPIC, outbox::Outgoing};

/// After a failure within a connection, before the same caption is tried again.
const PAUSE: Duration = Duration::from_millis(250);

/// Sends what is published, in order, one stream at a time, on the room of the present connection. Runs until dropped.
pub(crate) async fn send_captions(captions: Captions, mut room: watch::Receiver<Option<Arc<Room>>>) {
    loop {
        let outgoing = captions.next_to_send().await;
        let Ok(connected) = room.wait_for(Option::is_some).await.map(|room| room.clone()) else { return };
        let Some(connected) = connected else { continue };
        let audience = connected.remote_participants().into_keys().map(|identity| identity.0).collect();
        match send(&connected, &outgoing).await {
            Ok(()) => captions.sent(outgoing, audience),
            Err(error @ (StreamError::HeaderTooLarge | StreamError::PayloadTooLarge)) => {
                tracing::warn!(segment.id = %outgoing.caption.segment.id, %error, "caption not sent");
                captions.sent(outgoing, audience);
            }
            Err(error) => {
                tracing::debug!(segment.id = %outgoing.caption.segment.id, %error, "caption not sent yet");
                captions.not_sent(outgoing);
                drop(connected);
                sleep(PAUSE).await;
            }
        }
    }
}

async fn send(room: &Room, outgoing: &Outgoing) -> Result<(), StreamError> {
    let segment = &outgoing.caption.segment;
    let options = SendTextOptions::new_with_topic(TOPIC)
        .with_attributes(outgoing.caption.attributes())
        .with_sender_identity(segment.speaker.clone())
        .with_destination_identities(outgoing.to.iter().cloned().map(Into::into).collect());
    room.local_participant().send_text(&segment.text, options).await?;
    Ok(())
}
