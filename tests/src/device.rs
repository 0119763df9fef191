//! A device in memory: its facts, its slot and its external flash, with faults on demand.

use twinseal_formats::{ClassId, Digest, SecurityVersion, SequenceNumber, VendorId};
use twinseal_verifier::{ConfirmedRelease, Device, Extent, Slot, Source, Storage, StorageFault};

use crate::cbor::length;

/// What a device knows of itself, owned.
#[derive(Clone, Debug)]
pub struct Facts {
    pub vendor: VendorId,
    pub class: ClassId,
    pub components: Vec<String>,
    pub confirmed: Option<(u64, Digest)>,
    pub counter: u32,
    pub counter_limit: u32,
}

impl Facts {
    /// The device that the sample release is for. It never confirmed one.
    pub fn sample() -> Self {
        Self {
            vendor: VendorId([0x11; 16]),
            class: ClassId([0x22; 16]),
            components: vec!["app".into(), "radio".into()],
            confirmed: None,
            counter: 0,
            counter_limit: u32::MAX,
        }
    }

    /// Lends the facts as the verifier takes them.
    pub fn lend<T>(&self, with: impl FnOnce(&Device<'_>) -> T) -> T {
        let components: Vec<&str> = self.components.iter().map(String::as_str).collect();
        with(&Device {
            vendor: self.vendor,
            class: self.class,
            components: &components,
            confirmed: self
                .confirmed
                .map(|(number, release_id)| ConfirmedRelease { sequence_number: SequenceNumber(number), release_id }),
            counter: SecurityVersion(self.counter),
            counter_limit: SecurityVersion(self.counter_limit),
        })
    }
}

/// What was asked of a storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    Extent(u8),
    Read(u8),
    Invalidate,
    Write(u8),
    Flush(u8),
}

/// Images in memory, as a slot: it knows whether it could be booted, and what was asked of it.
#[derive(Clone, Debug)]
pub struct MemorySlot {
    /// What lies under each component.
    pub images: Vec<Vec<u8>>,
    /// What it says of its room; `None` for a component that is not there.
    pub extents: Vec<Option<Extent>>,
    /// Whether a boot loader would still find something in it.
    pub bootable: bool,
    pub operations: Vec<Operation>,
    /// The operation that fails, and the how-many-th of its kind, from 0.
    pub fault: Option<(Operation, usize)>,
    /// A byte that reads differently from how it was written: component, offset.
    pub lie: Option<(u8, u64)>,
}

impl MemorySlot {
    /// An inactive slot that still holds something bootable, with room for 64 bytes a component.
    pub fn inactive(components: usize) -> Self {
        Self::new(vec![b"what was there before".to_vec(); components], Some(Extent::Room(64)))
    }

    /// Storage that holds exactly these images.
    pub fn holding(images: Vec<Vec<u8>>) -> Self {
        let mut this = Self::new(images, None);
        this.extents = this.images.iter().map(|image| Some(Extent::Exactly(length(image)))).collect();
        this
    }

    fn new(images: Vec<Vec<u8>>, extent: Option<Extent>) -> Self {
        let extents = vec![extent; images.len()];
        Self { images, extents, bootable: true, operations: Vec::new(), fault: None, lie: None }
    }

    /// Whether anything was changed in it.
    pub fn was_touched(&self) -> bool {
        self.operations.iter().any(|one| !matches!(one, Operation::Extent(_) | Operation::Read(_)))
    }

    fn begin(&mut self, operation: Operation) -> Result<(), StorageFault> {
        let before = self.operations.iter().filter(|one| **one == operation).count();
        self.operations.push(operation);
        if self.fault == Some((operation, before)) { Err(StorageFault) } else { Ok(()) }
    }
}

impl Storage for MemorySlot {
    fn extent(&mut self, component: u8) -> Result<Option<Extent>, StorageFault> {
        self.begin(Operation::Extent(component))?;
        Ok(self.extents.get(usize::from(component)).copied().flatten())
    }

    fn read(&mut self, component: u8, offset: u64, buffer: &mut [u8]) -> Result<(), StorageFault> {
        self.begin(Operation::Read(component))?;
        read_at(&self.images[usize::from(component)], offset, buffer)?;
        if let Some((liar, place)) = self.lie
            && liar == component
            && (offset..offset + length(buffer)).contains(&place)
        {
            buffer[usize::try_from(place - offset).expect("within the buffer")] ^= 1;
        }
        Ok(())
    }
}

impl Slot for MemorySlot {
    fn invalidate(&mut self) -> Result<(), StorageFault> {
        self.begin(Operation::Invalidate)?;
        assert!(self.bootable, "a slot is invalidated once");
        self.bootable = false;
        self.images.iter_mut().for_each(Vec::clear);
        Ok(())
    }

    fn write(&mut self, component: u8, offset: u64, bytes: &[u8]) -> Result<(), StorageFault> {
        assert!(!self.bootable, "nothing is written over what could boot");
        self.begin(Operation::Write(component))?;
        let image = &mut self.images[usize::from(component)];
        assert_eq!(length(image), offset, "bytes come in order, without gaps");
        image.extend_from_slice(bytes);
        Ok(())
    }

    fn flush(&mut self, component: u8) -> Result<(), StorageFault> {
        self.begin(Operation::Flush(component))
    }
}

/// A whole bundle in memory.
#[derive(Clone, Debug)]
pub struct MemorySource<'a> {
    pub bytes: &'a [u8],
    /// How many reads succeed.
    pub good_reads: usize,
    /// Whether the size can be told.
    pub knows_size: bool,
    /// How many bytes from the front were ever asked for.
    pub read_to: u64,
}

impl<'a> MemorySource<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, good_reads: usize::MAX, knows_size: true, read_to: 0 }
    }
}

impl Source for MemorySource<'_> {
    fn size(&mut self) -> Result<u64, StorageFault> {
        if self.knows_size { Ok(length(self.bytes)) } else { Err(StorageFault) }
    }

    fn read(&mut self, offset: u64, buffer: &mut [u8]) -> Result<(), StorageFault> {
        self.good_reads = self.good_reads.checked_sub(1).ok_or(StorageFault)?;
        read_at(self.bytes, offset, buffer)?;
        self.read_to = self.read_to.max(offset + length(buffer));
        Ok(())
    }
}

/// Fills the buffer, or fails: there are no short reads.
fn read_at(bytes: &[u8], offset: u64, buffer: &mut [u8]) -> Result<(), StorageFault> {
    let start = usize::try_from(offset).map_err(|_| StorageFault)?;
    let end = start.checked_add(buffer.len()).ok_or(StorageFault)?;
    buffer.copy_from_slice(bytes.get(start..end).ok_or(StorageFault)?);
    Ok(())
}
