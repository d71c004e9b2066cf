// SPDX-License-Identifier: Apache-2.0
//
// Transactions: what the listener says to each message, at once and when the server asks.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rocketmq_client_rust::producer::local_transaction_state::LocalTransactionState;
use rocketmq_client_rust::producer::mq_producer::MQProducer;
use rocketmq_client_rust::producer::transaction_listener::TransactionListener;
use rocketmq_client_rust::producer::transaction_mq_producer::TransactionMQProducer;
use rocketmq_common::common::message::MessageTrait;
use rocketmq_common::common::message::message_ext::MessageExt;

use crate::Case;
use crate::ctx::{Ctx, Named, Outcome, equal, message, stored};
use crate::server::{REQUEST_MS, wait};
use crate::sink::{Setup, Sink};

pub const CASES: &[Case] = &[
    ("a_committed_message_arrives_and_a_rolled_back_one_does_not", decided),
];

/// Says at once what the body says; when asked, that it is committed.
struct Listener(Arc<AtomicUsize>);

impl TransactionListener for Listener {
    fn execute_local_transaction(&self, m: &dyn MessageTrait, _: Option<&(dyn Any + Send + Sync)>) -> LocalTransactionState {
        match m.get_body().map(|body| body.as_ref()) {
            Some(b"commit") => LocalTransactionState::CommitMessage,
            Some(b"roll back") => LocalTransactionState::RollbackMessage,
            _ => LocalTransactionState::Unknown,
        }
    }

    fn check_local_transaction(&self, _: &MessageExt) -> LocalTransactionState {
        self.0.fetch_add(1, Ordering::SeqCst);
        LocalTransactionState::CommitMessage
    }
}

/// Sends these; gives who consumes them, and how often the server asked.
fn in_transactions(t: &Ctx, bodies: &[&str]) -> Outcome<(Sink, Arc<AtomicUsize>)> {
    let (topic, asked) = (t.topic(2)?, Arc::new(AtomicUsize::new(0)));
    let mut p = TransactionMQProducer::builder()
        .client_config(t.config("p"))
        .producer_group(t.unique("P"))
        .send_msg_timeout(REQUEST_MS as u32)
        .transaction_listener(Listener(asked.clone()))
        .build();
    wait(p.start()).named("start of a producer")?;
    let sink = t.push(Setup { topic: &topic, ..Setup::default() })?;
    for body in bodies {
        let sent = wait(p.send_message_in_transaction::<(), _>(message(&topic, body), None)).named("send")?;
        stored(sent.send_result)?;
    }
    t.own(move || wait(p.shutdown()));
    Ok((sink, asked))
}

fn decided(t: &Ctx) -> Outcome {
    let (sink, asked) = in_transactions(t, &["roll back", "commit", "roll back", "commit"])?;
    sink.await_exactly(&["commit".to_string(), "commit".to_string()])?;
    equal("questions", 0, asked.load(Ordering::SeqCst))
}

