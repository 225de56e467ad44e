//! Text streams of the room → captions.

use std::time::Duration;

use common::{LanguageTag, SegmentId};
use livekit::{StreamReader, TextStreamReader};
use pipeline::BoundedMap;
use tokio::{
    sync::{broadcast, mpsc},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use super::{Caption, Captions};

/// A caption is sent in one go: a stream that is not complete by then has lost its sender.
const COMPLETE_WITHIN: Duration = Duration::from_secs(5);
/// Updates that are remembered to tell what is new.
const REMEMBERED: usize = 4096;

/// Captions as they arrive: each update of a segment once, never an older one after a newer.
pub struct CaptionReceiver {
    received: broadcast::Receiver<Caption>,
    shutdown: CancellationToken,
    revisions: BoundedMap<(SegmentId, LanguageTag), u32>,
    missed: u64,
}

impl CaptionReceiver {
    pub(super) fn new(received: broadcast::Receiver<Caption>, shutdown: CancellationToken) -> Self {
        Self { received, shutdown, revisions: BoundedMap::new(REMEMBERED), missed: 0 }
    }

    /// The next caption; `None` when the job ends. Cancel-safe.
    ///
    /// A receiver that falls more than 1024 captions behind misses the oldest; see [`missed`](Self::missed).
    pub async fn recv(&mut self) -> Option<Caption> {
        loop {
            let received = tokio::select! {
                biased;
                received = self.received.recv() => received,
                () = self.shutdown.cancelled() => return None,
            };
            match received {
                Ok(caption) if self.is_new(&caption) => return Some(caption),
                Ok(_) => {}
                Err(broadcast::error::RecvError::Lagged(missed)) => {
                    self.missed += missed;
                    tracing::warn!(missed, "captions missed");
                }
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }

    /// Captions that this receiver was too slow for.
    pub fn missed(&self) -> u64 {
        self.missed
    }

    fn is_new(&mut self, caption: &Caption) -> bool {
        let segment = &caption.segment;
        let key = (segment.id.clone(), segment.language.clone());
        let new = self.revisions.get(&key).is_none_or(|known| segment.revision > *known);
        if new {
            self.revisions.insert(key, segment.revision);
        }
        new
    }
}

/// Reads streams in the order in which they were opened, and gives out the captions among them.
pub(crate) async fn read_streams(
    captions: Captions,
    mut streams: mpsc::Receiver<(TextStreamReader, String)>,
) {
    while let Some((reader, sender)) = streams.recv().await {
        let info = reader.info().clone();
        // Other agents keep a stream open for as long as somebody speaks: do not wait for what is not ours.
        if let Err(reason) = Caption::parse(&info.attributes(), &sender, String::new()) {
            tracing::debug!(%sender, %reason, "a stream that is no caption of ours");
            continue;
        }
        let text = match timeout(COMPLETE_WITHIN, reader.read_all()).await {
            Ok(Ok(text)) => text,
            Ok(Err(error)) => {
                tracing::warn!(%sender, %error, "a caption was cut off");
                continue;
            }
            Err(_) => {
                tracing::warn!(%sender, "a caption did not come to its end");
                continue;
            }
        };
        match Caption::parse(&info.attributes(), &sender, text) {
            Ok(caption) => captions.receive(caption),
            Err(reason) => tracing::warn!(%sender, %reason, "a malformed caption"),
        }
    }
}
