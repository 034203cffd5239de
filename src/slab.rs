//! Values in numbered slots that are used again.

use alloc::vec::Vec;

/// A store of `T` under small numbers. Inserting and removing are O(1).
#[derive(Clone, Debug)]
pub(crate) struct Slab<T> {
    slots: Vec<Option<T>>,
    free: Vec<u32>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self { slots: Vec::new(), free: Vec::new() }
    }
}

impl<T> Slab<T> {
    /// How many slots were ever in use at once.
    pub(crate) fn capacity(&self) -> u32 {
        // A slot number is a u32, so their count fits.
        u32::try_from(self.slots.len()).unwrap_or(u32::MAX)
    }

    /// How many slots are in use.
    pub(crate) fn len(&self) -> u32 {
        u32::try_from(self.slots.len() - self.free.len()).unwrap_or(u32::MAX)
    }

    /// Whether the next insertion needs a slot that was never used.
    pub(crate) fn is_full(&self) -> bool {
        self.free.is_empty()
    }

    #[inline]
    pub(crate) fn insert(&mut self, value: T) -> u32 {
        if let Some(slot) = self.free.pop() {
            self.slots[slot as usize] = Some(value);
            slot
        } else {
            let slot = self.capacity();
            self.slots.push(Some(value));
            slot
        }
    }

    /// Puts `value` into `slot`, above which nothing is in use. The free slots below are used next, the lowest first.
    pub(crate) fn append(&mut self, slot: u32, value: T) {
        let first = self.capacity();
        if slot >= first {
            self.free.splice(0..0, (first..slot).rev());
            self.slots.resize_with(slot as usize, || None);
            self.slots.push(Some(value));
        }
    }

    #[inline]
    pub(crate) fn remove(&mut self, slot: u32) -> Option<T> {
        let value = self.slots.get_mut(slot as usize)?.take()?;
        self.free.push(slot);
        Some(value)
    }

    #[inline]
    pub(crate) fn get(&self, slot: u32) -> Option<&T> {
        self.slots.get(slot as usize)?.as_ref()
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, slot: u32) -> Option<&mut T> {
        self.slots.get_mut(slot as usize)?.as_mut()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        (0..).zip(&self.slots).filter_map(|(slot, value)| Some((slot, value.as_ref()?)))
    }
}
