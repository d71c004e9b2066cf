// SPDX-License-Identifier: Apache-2.0
//
// A push consumer that keeps what it gets.

use std::sync::{Arc, Mutex};
use std::thread::sleep;
use std::time::Duration;

use rocketmq_client_rust::consumer::default_mq_push_consumer::DefaultMQPushConsumer;
use rocketmq_client_rust::consumer::listener::consume_concurrently_context::ConsumeConcurrentlyContext;
use rocketmq_client_rust::consumer::listener::consume_concurrently_status::ConsumeConcurrentlyStatus;
use rocketmq_client_rust::consumer::listener::consume_orderly_context::ConsumeOrderlyContext;
use rocketmq_client_rust::consumer::listener::consume_orderly_status::ConsumeOrderlyStatus;
use rocketmq_client_rust::consumer::listener::message_listener_concurrently::MessageListenerConcurrently;
use rocketmq_client_rust::consumer::listener::message_listener_orderly::MessageListenerOrderly;
use rocketmq_client_rust::consumer::mq_push_consumer::MQPushConsumer;
use rocketmq_client_rust::consumer::rebalance_strategy::allocate_message_queue_averagely::AllocateMessageQueueAveragely;
use rocketmq_common::common::consumer::consume_from_where::ConsumeFromWhere;
use rocketmq_common::common::message::message_ext::MessageExt;
use rocketmq_error::RocketMQResult;
use rocketmq_remoting::protocol::heartbeat::message_model::MessageModel;

use crate::ctx::{Ctx, Named, Outcome, equal, eventually, sorted};
use crate::server::wait;

/// Without a group it is the first of a group of its own; without an expression it gets everything.
#[derive(Default)]
pub struct Setup<'a> {
    pub topic: &'a str,
    pub group: &'a str,
    pub tags: &'a str,
    pub since: &'a str,
    pub from_last: bool,
    pub orderly: bool,
    pub broadcasting: bool,
    pub fail_first: usize,
}

struct Kept {
    messages: Vec<MessageExt>,
    fail: usize,
}

#[derive(Clone)]
struct Keeper(Arc<Mutex<Kept>>);

impl Keeper {
    /// Whether the listener takes them.
    fn keep(&self, messages: &[&MessageExt]) -> bool {
        let mut kept = self.0.lock().expect("no panic before");
        kept.messages.extend(messages.iter().map(|&message| message.clone()));
        let refused = kept.fail > 0;
        kept.fail = kept.fail.saturating_sub(1);
        !refused
    }
}

impl MessageListenerConcurrently for Keeper {
    fn consume_message(
        &self,
        messages: &[&MessageExt],
        _: &ConsumeConcurrentlyContext,
    ) -> RocketMQResult<ConsumeConcurrentlyStatus> {
        Ok(match self.keep(messages) {
            true => ConsumeConcurrentlyStatus::ConsumeSuccess,
            false => ConsumeConcurrentlyStatus::ReconsumeLater,
        })
    }
}

impl MessageListenerOrderly for Keeper {
    fn consume_message(&self, messages: &[&MessageExt], _: &mut ConsumeOrderlyContext) -> RocketMQResult<ConsumeOrderlyStatus> {
        Ok(match self.keep(messages) {
            true => ConsumeOrderlyStatus::Success,
            false => ConsumeOrderlyStatus::SuspendCurrentQueueAMoment,
        })
    }
}

pub struct Sink {
    _consumer: DefaultMQPushConsumer, // held, and never stopped: the client cannot
    keeper: Keeper,
}

impl Ctx {
    pub fn push(&self, with: Setup) -> Outcome<Sink> {
        let group = if with.group.is_empty() { self.unique("G") } else { with.group.to_string() };
        let from = match (with.since.is_empty(), with.from_last) {
            (false, _) => ConsumeFromWhere::ConsumeFromTimestamp,
            (_, true) => ConsumeFromWhere::ConsumeFromLastOffset,
            _ => ConsumeFromWhere::ConsumeFromFirstOffset,
        };
        let model = if with.broadcasting { MessageModel::Broadcasting } else { MessageModel::Clustering };
        let mut builder = DefaultMQPushConsumer::builder()
            .client_config(self.config("c"))
            .consumer_group(group)
            .consume_from_where(from)
            .message_model(model)
            .allocate_message_queue_strategy(Arc::new(AllocateMessageQueueAveragely)); // else the builder takes the default away
        if !with.since.is_empty() {
            builder = builder.consume_timestamp(with.since);
        }
        let mut consumer = builder.build();
        let keeper = Keeper(Arc::new(Mutex::new(Kept { messages: Vec::new(), fail: with.fail_first })));
        let tags = if with.tags.is_empty() { "*" } else { with.tags };
        wait(consumer.subscribe(with.topic, tags)).named("subscribe")?;
        if with.orderly {
            consumer.register_message_listener_orderly(keeper.clone());
        } else {
            consumer.register_message_listener_concurrently(keeper.clone());
        }
        wait(consumer.start()).named("start of a consumer")?;
        Ok(Sink { _consumer: consumer, keeper })
    }
}

impl Sink {
    pub fn got(&self) -> Vec<MessageExt> {
        self.keeper.0.lock().expect("no panic before").messages.clone()
    }

    pub fn count(&self) -> usize {
        self.keeper.0.lock().expect("no panic before").messages.len()
    }

    pub fn bodies(&self) -> Vec<String> {
        self.got().iter().map(body_of).collect()
    }

    pub fn await_count(&self, count: usize) -> Outcome {
        eventually("so many messages", 30, || match self.count() {
            there if there >= count => Ok(()),
            there => Err(format!("{there} of {count} came")),
        })
    }

    /// Waits for these bodies in any order; a moment later nothing more may have come.
    pub fn await_exactly(&self, expected: &[String]) -> Outcome {
        self.await_count(expected.len())?;
        sleep(Duration::from_millis(100));
        equal("bodies", sorted(expected), sorted(&self.bodies()))
    }
}

pub fn body_of(message: &MessageExt) -> String {
    String::from_utf8_lossy(&message.body().unwrap_or_default()).to_string()
}

pub fn property_of(message: &MessageExt, name: &str) -> String {
    message.properties().get(name).map(|value| value.to_string()).unwrap_or_default()
}
