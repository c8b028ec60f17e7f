//! Header blocks to fields (RFC 7541, 3 and 6). One decoder for each connection, because blocks
//! change its table; the room for strings is lent, so that an idle connection keeps none.

use super::table::{Dynamic, ENTRY_OVERHEAD, STATIC};
use super::{Fault, huffman, integer};

/// Reads the blocks of one connection, in their order.
#[derive(Debug)]
pub struct Decoder {
    table: Dynamic,
    /// What we told the other side (RFC 7541, 4.2).
    limit: usize,
}

/// Room for a name and a value, lent to one block after the other.
#[derive(Debug, Default)]
pub struct Room {
    name: Vec<u8>,
    value: Vec<u8>,
}

/// One line of a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<'block> {
    pub name: &'block [u8],
    pub value: &'block [u8],
    /// Whether the name is one of the specification's own table.
    pub is_known: bool,
}

/// Where a name comes from.
#[derive(Clone, Copy)]
enum Name {
    Index(usize),
    /// It stands in the room.
    New,
}

impl Decoder {
    /// `limit` is the size of the table that we offer.
    pub const fn new(limit: usize) -> Self {
        Self {
            table: Dynamic::new(limit),
            limit,
        }
    }

    /// Hands the fields of a whole block over. `longest` bounds the list as RFC 9113, 6.5.2 counts it.
    pub fn decode(
        &mut self,
        mut block: &[u8],
        longest: usize,
        room: &mut Room,
        mut take: impl FnMut(Field<'_>),
    ) -> Result<(), Fault> {
        let mut size = 0;
        let mut is_start = true;
        let mut give = |field: Field<'_>| {
            size += field.name.len() + field.value.len() + ENTRY_OVERHEAD;
            if size > longest {
                return Err(Fault::TooLong);
            }
            take(field);
            Ok(())
        };
        while let Some(first) = block.first() {
            match first {
                0x80.. => {
                    let index = integer::decode(&mut block, 7)?;
                    give(self.field(index)?)?;
                }
                0x40..0x80 => {
                    let name = self.literal(&mut block, 6, room)?;
                    let Room {
                        name: octets,
                        value,
                    } = room;
                    if let Name::Index(index) = name {
                        // The entry that lends its name may be the one that makes room.
                        octets.clear();
                        octets.extend_from_slice(self.field(index)?.name);
                    }
                    give(Field {
                        name: octets,
                        value,
                        is_known: matches!(name, Name::Index(index) if index <= STATIC.len()),
                    })?;
                    self.table.insert(octets, value);
                }
                0x20..0x40 => {
                    let limit = integer::decode(&mut block, 5)?;
                    if !is_start {
                        return Err(Fault::Malformed("the table changes its size late"));
                    }
                    if limit > self.limit {
                        return Err(Fault::Malformed("the table is larger than allowed"));
                    }
                    self.table.set_limit(limit);
                    continue;
                }
                _ => {
                    let name = self.literal(&mut block, 4, room)?;
                    give(match name {
                        Name::Index(index) => Field {
                            value: &room.value,
                            ..self.field(index)?
                        },
                        Name::New => Field {
                            name: &room.name,
                            value: &room.value,
                            is_known: false,
                        },
                    })?;
                }
            }
            is_start = false;
        }
        Ok(())
    }

    /// The name and the value of a literal field; `bits` hold the index of the name.
    fn literal(&self, block: &mut &[u8], bits: u32, room: &mut Room) -> Result<Name, Fault> {
        let name = match integer::decode(block, bits)? {
            0 => {
                string(block, &mut room.name)?;
                Name::New
            }
            index => {
                self.field(index)?;
                Name::Index(index)
            }
        };
        string(block, &mut room.value)?;
        Ok(name)
    }

    fn field(&self, index: usize) -> Result<Field<'_>, Fault> {
        let unknown = Fault::Malformed("an index points at no field");
        let place = index.checked_sub(1).ok_or(unknown)?;
        if let Some((name, value)) = STATIC.get(place) {
            return Ok(Field {
                name: name.as_bytes(),
                value: value.as_bytes(),
                is_known: true,
            });
        }
        let found = self.table.get(place - STATIC.len());
        let (name, value) = found.ok_or(unknown)?;
        Ok(Field {
            name,
            value,
            is_known: false,
        })
    }
}

fn string(block: &mut &[u8], out: &mut Vec<u8>) -> Result<(), Fault> {
    let is_encoded = block.first().is_some_and(|first| first & 0x80 != 0);
    let length = integer::decode(block, 7)?;
    if length > block.len() {
        return Err(Fault::Malformed("the block ends inside of a field"));
    }
    let (text, rest) = block.split_at(length);
    *block = rest;
    out.clear();
    if is_encoded {
        return huffman::decode(text, out);
    }
    out.extend_from_slice(text);
    Ok(())
}
