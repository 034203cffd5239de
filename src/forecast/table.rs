//! Everything that was learned, found by model and topic, and bounded.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::calibration::Calibration;
use super::quantile::Quantile;
use super::{Model, ModelId};
use crate::request::InputEstimate;

/// What a memory is about.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Topic {
    /// The model, whatever it is asked.
    Model,
    /// The input of requests with these tools, and with or without parts that cannot be estimated.
    Input {
        /// Hash of the tools.
        tools: u64,
        /// Whether there are such parts.
        has_unknown_parts: bool,
    },
    /// The output of requests of one kind.
    Output {
        /// The kind.
        kind: u16,
    },
}

impl Topic {
    /// The topic of inputs such as `input`.
    pub(super) const fn input(input: &InputEstimate) -> Self {
        Self::Input { tools: input.tools, has_unknown_parts: input.has_unknown_parts }
    }
}

/// What was learned of a topic.
#[derive(Clone, Debug)]
pub(super) enum Memory {
    Model(Model),
    Input(Box<Calibration>),
    Output(Quantile),
}

/// All memories, sorted by model and topic. Names, tools and kinds come from whoever writes requests, so there are
/// [`MOST`] at most: the one that was used the longest ago gives way.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    entries: Vec<Entry>,
    uses: u64,
}

#[derive(Clone, Debug)]
struct Entry {
    model: ModelId,
    topic: Topic,
    used: u64,
    memory: Memory,
}

impl Table {
    pub(super) fn model(&self, id: ModelId) -> Option<&Model> {
        if let Memory::Model(model) = self.get(id, Topic::Model)? { Some(model) } else { None }
    }

    pub(super) fn input(&self, id: ModelId, input: &InputEstimate) -> Option<&Calibration> {
        if let Memory::Input(calibration) = self.get(id, Topic::input(input))? { Some(calibration) } else { None }
    }

    pub(super) fn output(&self, id: ModelId, kind: u16) -> Option<&Quantile> {
        if let Memory::Output(quantile) = self.get(id, Topic::Output { kind })? { Some(quantile) } else { None }
    }

    /// What was learned last of any inputs of a model.
    pub(super) fn latest_input(&self, id: ModelId) -> Option<&Calibration> {
        let latest = self.of_model(id).iter().filter_map(|entry| match &entry.memory {
            Memory::Input(calibration) => Some((entry.used, &**calibration)),
            Memory::Model(_) | Memory::Output(_) => None,
        });
        latest.max_by_key(|(used, _)| *used).map(|(_, calibration)| calibration)
    }

    /// Every model.
    pub(super) fn models(&self) -> impl Iterator<Item = (ModelId, &Model)> {
        self.entries.iter().filter_map(|entry| match &entry.memory {
            Memory::Model(model) => Some((entry.model, model)),
            Memory::Input(_) | Memory::Output(_) => None,
        })
    }

    /// Everything about one model.
    pub(super) fn topics(&self, id: ModelId) -> impl Iterator<Item = (Topic, &Memory)> {
        self.of_model(id).iter().map(|entry| (entry.topic, &entry.memory))
    }

    /// The memory of a topic, which is used now.
    pub(super) fn get_mut(&mut self, id: ModelId, topic: Topic) -> Option<&mut Memory> {
        let place = self.place(id, topic).ok()?;
        self.uses += 1;
        let entry = self.entries.get_mut(place)?;
        entry.used = self.uses;
        Some(&mut entry.memory)
    }

    /// Remembers `memory`, in place of what was remembered of the topic. Of a model that is not in the table, nothing is.
    pub(super) fn insert(&mut self, id: ModelId, topic: Topic, memory: Memory) {
        if let Some(known) = self.get_mut(id, topic) {
            *known = memory;
            return;
        }
        if topic != Topic::Model && self.get_mut(id, Topic::Model).is_none() {
            return;
        }
        if self.entries.len() >= MOST {
            self.forget_one();
        }
        self.uses += 1;
        let entry = Entry { model: id, topic, used: self.uses, memory };
        let place = self.place(id, topic).unwrap_or_else(|place| place);
        self.entries.insert(place, entry);
    }

    /// Forgets what was used the longest ago. A model is used with every topic of it, and after it: when its own turn
    /// comes, there is nothing else of it.
    fn forget_one(&mut self) {
        let oldest = self.entries.iter().enumerate().min_by_key(|(_, entry)| entry.used);
        if let Some((place, _)) = oldest {
            self.entries.remove(place);
        }
    }

    fn get(&self, id: ModelId, topic: Topic) -> Option<&Memory> {
        self.place(id, topic).ok().and_then(|place| self.entries.get(place)).map(|entry| &entry.memory)
    }

    fn of_model(&self, id: ModelId) -> &[Entry] {
        let start = self.entries.partition_point(|entry| entry.model < id);
        let rest = self.entries.get(start..).unwrap_or_default();
        rest.get(..rest.partition_point(|entry| entry.model == id)).unwrap_or_default()
    }

    fn place(&self, id: ModelId, topic: Topic) -> Result<usize, usize> {
        self.entries.binary_search_by(|entry| entry.model.cmp(&id).then_with(|| entry.topic.cmp(&topic)))
    }
}

/// Some dozens of models with as many sets of tools and kinds of requests. An entry takes up to 1,300 bytes.
pub(super) const MOST: usize = 512;
