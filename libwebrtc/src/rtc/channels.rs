//! The data channels of a peer connection, and which of str0m's channels they are.

use std::{
    collections::HashSet,
    sync::{Arc, Weak},
};

use str0m::{
    Rtc,
    change::SdpApi,
    channel::{ChannelConfig, ChannelId},
};

use super::{channel::Channel, connection::Connection, events::Event};
use crate::data_channel::DataChannelState;

/// All data channels that are not closed.
#[derive(Default)]
pub(crate) struct Channels {
    entries: Vec<Entry>,
    /// Ids of channels that were closed before the peer knew of them. str0m opens them with the answer; nobody is told.
    retired: HashSet<ChannelId>,
    /// Whether both sides have the section for data: from then on channels open without a negotiation.
    negotiated: bool,
    pub(crate) opened: u32,
    pub(crate) closed: u32,
}

struct Entry {
    channel: Arc<Channel>,
    id: Option<ChannelId>,
}

impl Channels {
    /// Adds a local channel. Says whether an offer is due.
    pub(crate) fn add(&mut self, channel: Arc<Channel>, rtc: &mut Rtc) -> bool {
        let id = self.negotiated.then(|| rtc.direct_api().create_data_channel(channel.config().clone()));
        self.entries.push(Entry { channel, id });
        !self.negotiated && self.entries.len() == 1
    }

    /// Puts what the peer does not know of into an offer.
    pub(crate) fn offer(&mut self, changes: &mut SdpApi<'_>) {
        if self.negotiated {
            return;
        }
        for entry in &mut self.entries {
            // An id from an earlier offer that was not answered is void.
            entry.id = Some(changes.add_channel_with_config(entry.channel.config().clone()));
        }
    }

    /// Both sides have the section for data: opens the channels that were made meanwhile.
    pub(crate) fn negotiated(&mut self, rtc: &mut Rtc) {
        self.negotiated = true;
        for entry in self.entries.iter_mut().filter(|entry| entry.id.is_none()) {
            entry.id = Some(rtc.direct_api().create_data_channel(entry.channel.config().clone()));
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Channel>> {
        self.entries.iter().map(|entry| &entry.channel)
    }

    /// Puts a message into the send buffer. Says whether there was room.
    pub(crate) fn write(&self, channel: &Channel, rtc: &mut Rtc, data: &[u8], binary: bool) -> bool {
        let Some(id) = self.entry(channel).and_then(|entry| entry.id) else { return false };
        let Some(mut out) = rtc.channel(id) else { return false };
        match out.write(binary, data) {
            Ok(true) => {
                channel.count_written(data.len());
                true
            }
            Ok(false) => false,
            Err(error) => {
                log::warn!("data channel {}: {error}", channel.label());
                false
            }
        }
    }

    /// Closes a channel on this side.
    pub(crate) fn close(&mut self, channel: &Channel, rtc: &mut Rtc) -> Option<Event> {
        let index =
            self.entries.iter().position(|entry| std::ptr::eq(Arc::as_ptr(&entry.channel), channel))?;
        let entry = self.entries.remove(index);
        match entry.id {
            Some(id) if self.negotiated => rtc.direct_api().close_data_channel(id),
            Some(id) => {
                self.retired.insert(id);
            }
            None => {}
        }
        self.closed += 1;
        Some(Event::ChannelState(entry.channel, DataChannelState::Closed))
    }

    /// Closes all channels, because the connection is.
    pub(crate) fn close_all(&mut self) -> Vec<Event> {
        self.closed += self.entries.len() as u32;
        self.entries
            .drain(..)
            .map(|entry| Event::ChannelState(entry.channel, DataChannelState::Closed))
            .collect()
    }

    /// A channel opened, ours or the peer's.
    pub(crate) fn on_open(
        &mut self,
        connection: &Weak<Connection>,
        rtc: &mut Rtc,
        id: ChannelId,
        label: String,
        events: &mut Vec<Event>,
    ) {
        if self.retired.contains(&id) {
            return;
        }
        let stream_id = rtc.direct_api().sctp_stream_id_by_channel_id(id);
        self.opened += 1;
        if let Some(entry) = self.entries.iter().find(|entry| entry.id == Some(id)) {
            if let Some(stream_id) = stream_id {
                entry.channel.set_stream_id(stream_id);
            }
            events.push(Event::ChannelState(Arc::clone(&entry.channel), DataChannelState::Open));
            return;
        }
        let config = rtc.channel(id).and_then(|channel| channel.config().cloned());
        let config = config.unwrap_or_else(|| ChannelConfig { label, ..ChannelConfig::default() });
        let channel = Arc::new(Channel::new(Weak::clone(connection), config));
        if let Some(stream_id) = stream_id {
            channel.set_stream_id(stream_id);
        }
        self.entries.push(Entry { channel: Arc::clone(&channel), id: Some(id) });
        // Open first: the program may send from within the callback that brings the channel.
        events.push(Event::ChannelState(Arc::clone(&channel), DataChannelState::Open));
        events.push(Event::NewChannel(channel));
    }

    /// A message arrived.
    pub(crate) fn on_data(&self, id: ChannelId, data: Vec<u8>, binary: bool, events: &mut Vec<Event>) {
        match self.entries.iter().find(|entry| entry.id == Some(id)) {
            Some(entry) => events.push(Event::Message { channel: Arc::clone(&entry.channel), data, binary }),
            None => log::debug!("message of {} bytes for a closed data channel dropped", data.len()),
        }
    }

    /// The peer closed a channel, or its closing is done.
    pub(crate) fn on_close(&mut self, id: ChannelId, events: &mut Vec<Event>) {
        self.retired.remove(&id);
        if let Some(index) = self.entries.iter().position(|entry| entry.id == Some(id)) {
            let entry = self.entries.remove(index);
            self.closed += 1;
            events.push(Event::ChannelState(entry.channel, DataChannelState::Closed));
        }
    }

    /// Looks at the send buffers, after str0m has put out all it has.
    pub(crate) fn note_drained(&self, rtc: &mut Rtc, events: &mut Vec<Event>) {
        for entry in self.entries.iter().filter(|entry| entry.channel.buffered_amount() > 0) {
            let Some(mut channel) = entry.id.and_then(|id| rtc.channel(id)) else { continue };
            let bytes = entry.channel.note_buffered(channel.buffered_amount() as u64);
            if bytes > 0 {
                events.push(Event::Drained(Arc::clone(&entry.channel), bytes));
            }
        }
    }

    /// The shared form of a channel that is still here.
    pub(crate) fn shared(&self, channel: &Channel) -> Option<Arc<Channel>> {
        self.entry(channel).map(|entry| Arc::clone(&entry.channel))
    }

    fn entry(&self, channel: &Channel) -> Option<&Entry> {
        self.entries.iter().find(|entry| std::ptr::eq(Arc::as_ptr(&entry.channel), channel))
    }
}
