//! What comes in on a connection: each frame against the state, and what it leads to.

use super::{DEFAULT_WINDOW, FLOOD, LARGEST_FRAME, LARGEST_WINDOW, Phase, State, TABLE, setting};
use crate::loadtest::http2::frame::{self, Header, Piece, flag, kind};
use crate::loadtest::http2::head::Head;
use crate::loadtest::http2::hpack::{self, Room};
use crate::loadtest::http2::{Code, Fault, HEAD_LIMIT};

/// The stream that a frame names.
enum Named {
    Present,
    /// It is over; frames may follow because we ended it, or not.
    Past {
        is_expected: bool,
    },
}

impl State {
    /// The status of the answer when it is complete.
    pub(super) fn take(
        &mut self,
        piece: &Piece<'_>,
        room: &mut Room,
        wants: &mut impl FnMut(u16) -> bool,
    ) -> Result<Option<u16>, Fault> {
        let (Piece::Whole(header, _) | Piece::Data { header, .. }) = *piece;
        let is_continued =
            |begun: Header| header.kind == kind::CONTINUATION && header.stream == begun.stream;
        if !self
            .continued
            .map_or(header.kind != kind::CONTINUATION, is_continued)
        {
            return Err(violation("a header block is not continued where it ended"));
        }
        match *piece {
            Piece::Data {
                data,
                is_first,
                is_last,
                ..
            } => {
                if is_first {
                    self.take_room(header)?;
                }
                self.take_data(header, data, is_last)
            }
            Piece::Whole(_, payload) => match header.kind {
                kind::HEADERS => {
                    let fragment = frame::fragment(header, payload)?;
                    if header.has(flag::END_HEADERS) {
                        return self.take_head(header, fragment, room, wants);
                    }
                    self.block.clear();
                    self.block.extend_from_slice(fragment);
                    self.continued = Some(header);
                    Ok(None)
                }
                kind::CONTINUATION => self.take_continuation(header, payload, room, wants),
                _ => self.take_control(header, payload).map(|()| None),
            },
        }
    }

    fn take_control(&mut self, header: Header, payload: &[u8]) -> Result<(), Fault> {
        if header.kind != kind::WINDOW_UPDATE {
            self.count_useless()?;
        }
        match header.kind {
            kind::SETTINGS if !header.has(flag::ACK) => self.take_settings(payload),
            kind::PING if !header.has(flag::ACK) => {
                frame::write(kind::PING, flag::ACK, 0, payload, &mut self.due);
                Ok(())
            }
            kind::GOAWAY => self.take_goaway(payload),
            kind::RST_STREAM => match self.named(header.stream)? {
                Named::Present => {
                    self.stream.is_touched = true;
                    Err(Fault::Reset(Code(frame::number(payload))))
                }
                Named::Past { .. } => Ok(()),
            },
            kind::WINDOW_UPDATE => self.take_window(header.stream, payload),
            // Priorities, acknowledgements, and what we do not know (RFC 9113, 4.1).
            _ => Ok(()),
        }
    }

    fn count_useless(&mut self) -> Result<(), Fault> {
        self.useless += 1;
        if self.useless > FLOOD {
            return Err(Fault::Violation(
                Code::ENHANCE_YOUR_CALM,
                "more than 1,000 frames came that are of no use to an answer",
            ));
        }
        Ok(())
    }

    fn named(&self, stream: u32) -> Result<Named, Fault> {
        if self.stream.phase == Phase::Open && self.stream.id == stream {
            return Ok(Named::Present);
        }
        if stream.is_multiple_of(2) || stream >= self.next_stream {
            return Err(violation("a frame came on a stream that was not opened"));
        }
        Ok(Named::Past {
            is_expected: stream <= self.last_cancelled,
        })
    }

    /// Data counts against the windows with its padding, whatever becomes of it (RFC 9113, 6.9.1).
    fn take_room(&mut self, header: Header) -> Result<(), Fault> {
        let length = i64::from(header.length);
        let beyond = Fault::Violation(
            Code::FLOW_CONTROL_ERROR,
            "more data came than the window allows",
        );
        if header.length == 0 && !header.has(flag::END_STREAM) {
            self.count_useless()?;
        }
        self.credit -= length;
        if self.credit < 0 {
            return Err(beyond);
        }
        let offered = self.offered.max(DEFAULT_WINDOW);
        Self::give_back(&mut self.credit, offered, 0, &mut self.due);
        if matches!(self.named(header.stream)?, Named::Present) {
            self.stream.credit -= length;
            if self.stream.credit < 0 {
                return Err(beyond);
            }
            if !header.has(flag::END_STREAM) {
                let stream = &mut self.stream;
                Self::give_back(&mut stream.credit, self.offered, stream.id, &mut self.due);
            }
        }
        Ok(())
    }

    fn take_data(
        &mut self,
        header: Header,
        data: &[u8],
        is_last: bool,
    ) -> Result<Option<u16>, Fault> {
        match self.named(header.stream)? {
            Named::Present => {}
            Named::Past { is_expected: true } => return Ok(None),
            Named::Past { is_expected: false } => {
                return Err(Fault::Violation(
                    Code::STREAM_CLOSED,
                    "data came on a stream that is over",
                ));
            }
        }
        let stream = &mut self.stream;
        stream.is_touched = true;
        if stream.status.is_none() {
            return Err(Fault::Malformed("its body came before its head"));
        }
        if !data.is_empty() {
            if stream.has_no_body() {
                return Err(Fault::Malformed("it has a body and may have none"));
            }
            stream.received += data.len() as u64;
            if stream.length.is_some_and(|length| length < stream.received) {
                return Err(Fault::Malformed(
                    "its body is longer than its content-length",
                ));
            }
            if let Some(capture) = &mut stream.capture {
                capture.add(data);
            }
            self.useless = 0;
        }
        if is_last && header.has(flag::END_STREAM) {
            return self.complete();
        }
        Ok(None)
    }

    fn take_continuation(
        &mut self,
        header: Header,
        payload: &[u8],
        room: &mut Room,
        wants: &mut impl FnMut(u16) -> bool,
    ) -> Result<Option<u16>, Fault> {
        if payload.is_empty() {
            self.count_useless()?;
        }
        self.block.extend_from_slice(payload);
        if self.block.len() > HEAD_LIMIT {
            return Err(Fault::HeadTooLong);
        }
        if !header.has(flag::END_HEADERS) {
            return Ok(None);
        }
        // The block is an exception, and its memory is not kept.
        let block = std::mem::take(&mut self.block);
        match self.continued.take() {
            Some(begun) => self.take_head(begun, &block, room, wants),
            None => Ok(None),
        }
    }

    fn take_head(
        &mut self,
        header: Header,
        block: &[u8],
        room: &mut Room,
        wants: &mut impl FnMut(u16) -> bool,
    ) -> Result<Option<u16>, Fault> {
        let is_present = match self.named(header.stream)? {
            Named::Present => true,
            Named::Past { is_expected: true } => false,
            Named::Past { is_expected: false } => {
                return Err(Fault::Violation(
                    Code::STREAM_CLOSED,
                    "a head came on a stream that is over",
                ));
            }
        };
        let mut head = Head::new(is_present && self.stream.status.is_some());
        let mut wants = |status| is_present && wants(status);
        self.decoder
            .decode(block, HEAD_LIMIT, room, |field| {
                head.take(field, &mut wants);
            })
            .map_err(|fault| match fault {
                hpack::Fault::Malformed(words) => Fault::Violation(Code::COMPRESSION_ERROR, words),
                hpack::Fault::TooLong => Fault::HeadTooLong,
            })?;
        if !is_present {
            return Ok(None);
        }
        self.stream.is_touched = true;
        if let Some(words) = head.malformed {
            return Err(Fault::Malformed(words));
        }
        let ends = header.has(flag::END_STREAM);
        if self.stream.status.is_some() {
            return if ends {
                self.complete()
            } else {
                Err(Fault::Malformed("its trailers do not end it"))
            };
        }
        match head.status {
            None => Err(Fault::Malformed("it has no status")),
            Some(101) => Err(Fault::Malformed("HTTP/2 does not have status 101")),
            Some(100..=199) if ends => Err(Fault::Malformed("an interim answer ends it")),
            Some(100..=199) => self.count_useless().map(|()| None),
            Some(_) => {
                self.stream.status = head.status;
                self.stream.length = head.length;
                self.stream.capture = head.capture;
                if ends { self.complete() } else { Ok(None) }
            }
        }
    }

    fn complete(&mut self) -> Result<Option<u16>, Fault> {
        let stream = &self.stream;
        let is_short = stream
            .length
            .is_some_and(|length| length != stream.received);
        if is_short && !stream.has_no_body() {
            return Err(Fault::Malformed(
                "its body is shorter than its content-length",
            ));
        }
        // An answer that came before the request was out makes the rest of it needless
        // (RFC 9113, 8.1).
        let status = stream.status;
        let rest = (!stream.is_written).then_some(Code::NO_ERROR);
        self.end_stream(rest);
        Ok(status)
    }

    fn take_settings(&mut self, payload: &[u8]) -> Result<(), Fault> {
        for parameter in payload.chunks_exact(6) {
            let name = u16::from_be_bytes([parameter[0], parameter[1]]);
            let value = frame::number(&parameter[2..]);
            match name {
                setting::HEADER_TABLE_SIZE => {
                    self.peer.wants_no_table |= (value as usize) < TABLE;
                }
                setting::ENABLE_PUSH if value != 0 => {
                    return Err(violation("a server cannot turn pushes on"));
                }
                setting::MAX_CONCURRENT_STREAMS => self.peer.streams = value,
                setting::INITIAL_WINDOW_SIZE => {
                    // It changes the windows of streams that are open, below zero as well
                    // (RFC 9113, 6.9.2).
                    let change = i64::from(value) - i64::from(self.peer.window);
                    self.peer.window = value;
                    let mut largest = i64::from(value);
                    if self.stream.phase == Phase::Open {
                        self.stream.window += change;
                        largest = largest.max(self.stream.window);
                    }
                    if largest > LARGEST_WINDOW {
                        return Err(Fault::Violation(
                            Code::FLOW_CONTROL_ERROR,
                            "a window is larger than 2^31-1",
                        ));
                    }
                }
                setting::MAX_FRAME_SIZE => {
                    if !(frame::DEFAULT_SIZE..=LARGEST_FRAME).contains(&value) {
                        return Err(violation("a size of frames is not between 2^14 and 2^24-1"));
                    }
                    self.peer.frame = value;
                }
                _ => {}
            }
        }
        frame::write(kind::SETTINGS, flag::ACK, 0, &[], &mut self.due);
        Ok(())
    }

    fn take_window(&mut self, id: u32, payload: &[u8]) -> Result<(), Fault> {
        // The highest bit is reserved.
        let increment = i64::from(frame::number(payload) & 0x7fff_ffff);
        let window = if id == 0 {
            &mut self.window
        } else {
            match self.named(id)? {
                Named::Present => &mut self.stream.window,
                Named::Past { .. } => return self.count_useless(),
            }
        };
        if increment == 0 {
            return Err(violation("a window grows by nothing"));
        }
        *window += increment;
        if *window > LARGEST_WINDOW {
            return Err(Fault::Violation(
                Code::FLOW_CONTROL_ERROR,
                "a window is larger than 2^31-1",
            ));
        }
        Ok(())
    }

    fn take_goaway(&mut self, payload: &[u8]) -> Result<(), Fault> {
        let last = frame::number(payload) & 0x7fff_ffff;
        let code = Code(frame::number(&payload[4..]));
        self.leaving = Some(code);
        match self.stream.phase {
            Phase::Waiting => Err(Fault::Ended(code)),
            Phase::Open if self.stream.id > last => Err(Fault::Ended(code)),
            _ => Ok(()),
        }
    }
}

const fn violation(words: &'static str) -> Fault {
    Fault::Violation(Code::PROTOCOL_ERROR, words)
}
