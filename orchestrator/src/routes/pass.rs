//! For how long a stream may go on.

use std::{convert::Infallible, time::Duration};

use axum::response::{
    IntoResponse as _, Response,
    sse::{Event, KeepAlive, Sse},
};
use common::{
    access::{AccessError, Permission, Verifier},
    clock,
    ids::EventId,
};
use futures_util::{FutureExt as _, Stream, StreamExt as _};
use tokio::time::{Instant, sleep, sleep_until};

use super::reader::Reader;
use crate::AppState;

/// A stream on which nothing comes says so often that it is there.
const HEARTBEAT_EVERY: Duration = Duration::from_secs(10);
/// How often it is asked whether the reader may still read.
const CHECK_EVERY: Duration = Duration::from_secs(10);

/// Lets somebody read a stream about an event.
pub(super) struct Pass {
    pub(super) reader: Reader,
    pub(super) state: AppState,
    pub(super) event_id: EventId,
    pub(super) any_of: &'static [Permission],
}

impl Reader {
    /// Whether their token is as good as it was; also when that cannot be told now.
    async fn is_still_known(&self, verifier: &Verifier) -> bool {
        let Some(token) = &self.token else { return true };
        match verifier.verify(token).await {
            Ok(_) | Err(AccessError::Unavailable { .. }) => true,
            Err(AccessError::Missing | AccessError::Invalid(_) | AccessError::Forbidden(_)) => false,
        }
    }

    /// Whether they still see the event; also when that cannot be told now.
    async fn still_sees(&self, state: &AppState, event_id: EventId, any_of: &[Permission]) -> bool {
        match state.events.event(event_id).await {
            Ok(Some(event)) => self.sees(&event, any_of),
            // Those who ran it read what is left.
            Ok(None) => {
                self.entitled(any_of).is_some_and(|principal| principal.may(Permission::EventsUpdate))
            }
            Err(_) => true,
        }
    }
}

impl Pass {
    /// `events` as an answer, until the reader's token expires or is withdrawn, they see the event no longer, or the
    /// service ends.
    pub(super) fn stream(self, events: impl Stream<Item = Event> + Send + 'static) -> Response {
        // It does not fail: it ends, and the client asks again.
        let events = events.map(Ok::<_, Infallible>).take_until(self.over().boxed());
        // Comments do not disturb clients, and keep proxies from closing what is quiet.
        let stream = Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT_EVERY));
        // nginx hands it on as it comes.
        ([("x-accel-buffering", "no")], stream).into_response()
    }

    async fn over(self) {
        let expires_at = self.reader.principal.as_ref().map(|principal| principal.expires_at);
        let left = expires_at.map(|moment| (moment - clock::now()).to_std().unwrap_or_default());
        let expiry = left.map(|left| Instant::now() + left);
        let expired = async {
            match expiry {
                Some(moment) => sleep_until(moment).await,
                None => std::future::pending().await,
            }
        };
        let shutdown = self.state.shutdown.clone();
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = expired => {}
            () = self.refused() => {}
        }
    }

    async fn refused(self) {
        loop {
            sleep(CHECK_EVERY).await;
            let known = self.reader.is_still_known(&self.state.verifier).await;
            if !known || !self.reader.still_sees(&self.state, self.event_id, self.any_of).await {
                return;
            }
        }
    }
}
