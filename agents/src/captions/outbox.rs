//! What is to be sent, and what was sent lately.

use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use common::SegmentState;
use tokio::time::Instant;

use super::Caption;

/// Captions that may wait to be sent: some twenty minutes of speech.
const WAITING: usize = 1024;
/// An agent that joins is sent the finals of so much time: it may be the successor of one that had not done with them.
const FOR_AGENTS: Duration = Duration::from_secs(30);
/// Finals sent this shortly before a connection broke may not have arrived.
const IN_DOUBT: Duration = Duration::from_secs(5);
/// Whoever was there before a break and returns within this time is sent what is in doubt.
const RETURN: Duration = Duration::from_secs(60);
const SENT: usize = 256;

/// A caption on its way.
#[derive(Clone, Debug)]
pub(super) struct Outgoing {
    pub(super) caption: Caption,
    /// Only to this participant.
    pub(super) to: Option<String>,
}

impl Outgoing {
    fn is_interim(&self) -> bool {
        self.caption.segment.state == SegmentState::Interim
    }
}

struct Sent {
    caption: Caption,
    /// On the clock of connected time.
    at: Duration,
    /// Who was in the room.
    audience: Arc<HashSet<String>>,
}

/// Keeps captions until they are sent, and finals for a while after, so that a break of the connection loses none.
///
/// Its times are of a clock that stands still while there is no connection.
pub(super) struct Outbox {
    waiting: VecDeque<Outgoing>,
    sent: VecDeque<Sent>,
    begun: Instant,
    away: Duration,
    broken: Option<Instant>,
    /// When the last break was, in connected time, and who was served since.
    last_break: Option<(Duration, HashSet<String>)>,
    dropped: u64,
}

impl Outbox {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            waiting: VecDeque::new(),
            sent: VecDeque::new(),
            begun: now,
            away: Duration::ZERO,
            broken: None,
            last_break: None,
            dropped: 0,
        }
    }

    /// Appends a caption. It takes the place of interims of its segment that still wait; an interim is refused while
    /// the connection is broken. When too much waits, the oldest falls out and is counted.
    pub(super) fn push(&mut self, caption: Caption) {
        let same = |waiting: &Outgoing| {
            waiting.is_interim()
                && waiting.caption.segment.id == caption.segment.id
                && waiting.caption.segment.language == caption.segment.language
        };
        self.waiting.retain(|waiting| !same(waiting));
        let outgoing = Outgoing { caption, to: None };
        if self.broken.is_some() && outgoing.is_interim() {
            return;
        }
        self.append(outgoing);
    }

    fn append(&mut self, outgoing: Outgoing) {
        self.waiting.push_back(outgoing);
        if self.waiting.len() > WAITING {
            let interim = self.waiting.iter().position(Outgoing::is_interim).unwrap_or(0);
            if let Some(lost) = self.waiting.remove(interim)
                && !lost.is_interim()
            {
                self.dropped += 1;
                tracing::warn!(segment.id = %lost.caption.segment.id, dropped = self.dropped, "caption dropped");
            }
        }
    }

    pub(super) fn pop(&mut self) -> Option<Outgoing> {
        self.waiting.pop_front()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Finals that fell out.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// It was sent, while `audience` was in the room.
    pub(super) fn sent(&mut self, outgoing: Outgoing, audience: HashSet<String>, now: Instant) {
        if outgoing.is_interim() || outgoing.to.is_some() {
            return;
        }
        let at = self.connected(now);
        let same = self.sent.back().map(|last| &last.audience).filter(|last| ***last == audience);
        let audience = same.cloned().unwrap_or_else(|| Arc::new(audience));
        self.sent.push_back(Sent { caption: outgoing.caption, at, audience });
        while self.sent.len() > SENT || self.sent.front().is_some_and(|sent| sent.at + FOR_AGENTS < at) {
            self.sent.pop_front();
        }
    }

    /// It could not be sent: a final goes back to the front.
    pub(super) fn put_back(&mut self, outgoing: Outgoing) {
        if !outgoing.is_interim() {
            self.waiting.push_front(outgoing);
        }
    }

    /// The connection broke.
    pub(super) fn broke(&mut self, now: Instant) {
        if self.broken.is_none() {
            self.last_break = Some((self.connected(now), HashSet::new()));
            self.broken = Some(now);
            self.waiting.retain(|waiting| !waiting.is_interim());
        }
    }

    /// The connection is there again.
    pub(super) fn mended(&mut self, now: Instant) {
        if let Some(since) = self.broken.take() {
            self.away += now - since;
        }
    }

    /// Somebody is in the room: sends them alone what they may have missed. While the connection is broken nobody is.
    pub(super) fn welcome(&mut self, identity: &str, is_agent: bool, now: Instant) {
        if self.broken.is_some() {
            return;
        }
        let at = self.connected(now);
        let recent = self.last_break.as_mut().filter(|(broke, _)| at < *broke + RETURN);
        if let Some((_, served)) = &recent
            && served.contains(identity)
            && !is_agent
        {
            return;
        }
        let broke = recent.map(|(broke, served)| {
            served.insert(identity.to_owned());
            *broke
        });
        let missed: Vec<_> = self
            .sent
            .iter()
            .filter(|sent| match broke {
                _ if is_agent => sent.at + FOR_AGENTS >= at,
                Some(broke) => {
                    sent.at <= broke && sent.at + IN_DOUBT >= broke && sent.audience.contains(identity)
                }
                None => false,
            })
            .map(|sent| Outgoing { caption: sent.caption.clone(), to: Some(identity.to_owned()) })
            .collect();
        // Before what waits, to keep the order of the speech.
        for outgoing in missed.into_iter().rev() {
            self.waiting.push_front(outgoing);
        }
    }

    fn connected(&self, now: Instant) -> Duration {
        let away = self.broken.map_or(Duration::ZERO, |since| now.saturating_duration_since(since));
        now.saturating_duration_since(self.begun).saturating_sub(self.away + away)
    }
}

#[cfg(test)]
mod tests {
    use common::{Segment, SegmentId};

    use super::*;

    fn caption(text: &str, state: SegmentState) -> Caption {
        let segment = Segment {
            id: SegmentId::generate(),
            speaker: "ana".into(),
            language: "en-US".parse().expect("a tag"),
            source_language: "en-US".parse().expect("a tag"),
            text: text.into(),
            start_ms: 0,
            end_ms: 1,
            revision: 0,
            state,
        };
        Caption { segment, track_sid: String::new() }
    }

    fn sent(outbox: &mut Outbox, text: &str, audience: &[&str], now: Instant) {
        outbox.push(caption(text, SegmentState::Final));
        let outgoing = outbox.pop().expect("what was pushed");
        outbox.sent(outgoing, audience.iter().map(|&who| who.to_owned()).collect(), now);
    }

    fn waiting(outbox: &mut Outbox) -> Vec<(String, Option<String>)> {
        std::iter::from_fn(|| outbox.pop()).map(|out| (out.caption.segment.text, out.to)).collect()
    }

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn an_update_takes_the_place_of_interims_that_still_wait() {
        let mut outbox = Outbox::new(Instant::now());
        let interim = caption("hel", SegmentState::Interim);
        outbox.push(caption("other", SegmentState::Interim));
        outbox.push(interim.clone());
        let mut last = interim;
        last.segment.state = SegmentState::Final;
        last.segment.text = "hello".into();
        outbox.push(last);
        let texts: Vec<_> = waiting(&mut outbox).into_iter().map(|(text, _)| text).collect();
        assert_eq!(texts, ["other", "hello"]);
    }

    #[test]
    fn finals_wait_for_the_connection_and_interims_do_not() {
        let now = Instant::now();
        let mut outbox = Outbox::new(now);
        outbox.push(caption("gone", SegmentState::Interim));
        outbox.push(caption("kept", SegmentState::Final));
        outbox.broke(now);
        outbox.push(caption("refused", SegmentState::Interim));
        outbox.push(caption("later", SegmentState::Final));
        let failed = outbox.pop().expect("kept");
        outbox.put_back(failed);
        outbox.mended(now + s(30));
        let texts: Vec<_> = waiting(&mut outbox).into_iter().map(|(text, _)| text).collect();
        assert_eq!(texts, ["kept", "later"]);
    }

    #[test]
    fn who_returns_after_a_break_gets_again_what_was_in_doubt_and_once() {
        let now = Instant::now();
        let mut outbox = Outbox::new(now);
        sent(&mut outbox, "early", &["eva"], now + s(1));
        sent(&mut outbox, "late", &["eva"], now + s(9));
        outbox.broke(now + s(10));
        outbox.push(caption("meanwhile", SegmentState::Final));
        outbox.mended(now + s(40));
        outbox.welcome("eva", false, now + s(40));
        outbox.welcome("eva", false, now + s(41));
        outbox.welcome("newcomer", false, now + s(41));
        assert_eq!(waiting(&mut outbox), [("late".into(), Some("eva".into())), ("meanwhile".into(), None)]);
    }

    #[test]
    fn without_a_break_nobody_but_agents_gets_anything_again() {
        let now = Instant::now();
        let mut outbox = Outbox::new(now);
        sent(&mut outbox, "old", &["eva"], now);
        sent(&mut outbox, "new", &["eva"], now + s(40));
        outbox.welcome("eva", false, now + s(45));
        outbox.welcome("agent-mt-es-ES", true, now + s(45));
        assert_eq!(waiting(&mut outbox), [("new".into(), Some("agent-mt-es-ES".into()))]);
    }

    #[test]
    fn time_without_a_connection_does_not_count() {
        let now = Instant::now();
        let mut outbox = Outbox::new(now);
        sent(&mut outbox, "before", &[], now + s(1));
        outbox.broke(now + s(2));
        outbox.mended(now + s(300));
        outbox.welcome("agent-mt-es-ES", true, now + s(310));
        assert_eq!(waiting(&mut outbox).len(), 1);
    }

    #[test]
    fn what_exceeds_the_bound_is_counted_and_interims_fall_out_first() {
        let mut outbox = Outbox::new(Instant::now());
        outbox.push(caption("interim", SegmentState::Interim));
        for n in 0..WAITING + 2 {
            outbox.push(caption(&n.to_string(), SegmentState::Final));
        }
        assert_eq!(outbox.dropped(), 2);
        let texts = waiting(&mut outbox);
        assert_eq!((texts.len(), texts[0].0.as_str()), (WAITING, "2"));
    }
}
