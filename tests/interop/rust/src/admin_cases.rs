// SPDX-License-Identifier: Apache-2.0
//
// The calls that the client's admin has, and pulling a queue by hand, which only the admin can.

use std::collections::{HashMap, HashSet};
use std::time::{SystemTime, UNIX_EPOCH};

use rocketmq_client_rust::admin::mq_admin_ext_async::MQAdminExt;
use rocketmq_client_rust::consumer::pull_result::PullResult;
use rocketmq_client_rust::consumer::pull_status::PullStatus;
use rocketmq_common::common::message::message_queue::MessageQueue;
use rocketmq_common::common::message::message_single::Message;
use rocketmq_remoting::protocol::subscription::subscription_group_config::SubscriptionGroupConfig;

use crate::Case;
use crate::ctx::{Ctx, Named, Outcome, equal, eventually, holds, message, send, send_to};
use crate::server::{REQUEST_MS, wait};
use crate::sink::{Setup, body_of};

pub const CASES: &[Case] = &[
    ("a_topic_is_created_listed_and_deleted", topic_life),
    ("a_topic_can_get_more_queues", more_queues),
    ("a_group_is_created_shown_and_listed", group_life),
    ("the_members_of_a_group_are_shown", members),
    ("the_progress_of_a_group_is_shown", progress),
    ("the_ends_of_a_queue_are_shown", ends),
    ("an_offset_is_found_by_time", by_time),
    ("messages_are_found_by_key", by_key),
    ("a_message_is_found_by_either_id", by_id),
    ("the_settings_of_the_broker_are_shown", settings),
    ("the_name_server_keeps_a_setting", kv),
    ("a_pull_from_an_offset_gives_what_is_there", pull_from),
    ("a_pull_beyond_the_end_says_so", pull_beyond),
    ("a_pull_by_tag_gives_only_that_tag", pull_by_tag),
];

fn is_listed(t: &Ctx, topic: &str) -> Outcome<bool> {
    let listed = wait(t.admin.fetch_all_topic_list()).named("list of topics")?;
    Ok(listed.topic_list.iter().any(|name| name == topic))
}

fn topic_life(t: &Ctx) -> Outcome {
    let topic = t.topic(3)?;
    equal("listed", true, is_listed(t, &topic)?)?;
    let config = wait(t.admin.examine_topic_config(t.broker.as_str().into(), topic.as_str().into())).named("topic config")?;
    equal("queues, permission", (3, 3, 6), (config.read_queue_nums, config.write_queue_nums, config.perm))?;
    let (broker, namesrv) = (HashSet::from([t.broker.as_str().into()]), HashSet::from([t.namesrv.as_str().into()]));
    wait(t.admin.delete_topic_in_broker(broker, topic.as_str().into())).named("delete in the broker")?;
    let cluster = Some(t.cluster.as_str().into());
    wait(t.admin.delete_topic_in_name_server(namesrv, cluster, topic.as_str().into())).named("delete in the name server")?;
    eventually("no longer listed", 10, || equal("listed", false, is_listed(t, &topic)?))?;
    eventually("no route", 10, || equal("queues", 0, t.queues(&topic).len()))
}

fn more_queues(t: &Ctx) -> Outcome {
    let topic = t.topic(2)?;
    t.set_topic(&topic, 6)?;
    eventually("six queues", 10, || equal("queues", 6, t.queues(&topic).len()))
}

fn group_life(t: &Ctx) -> Outcome {
    let group = t.unique("G");
    let mut config = SubscriptionGroupConfig::default();
    config.set_group_name(group.as_str().into());
    config.set_retry_max_times(3);
    let broker = || t.broker.as_str().into();
    wait(t.admin.create_and_update_subscription_group_config(broker(), config)).named("create")?;
    let shown = wait(t.admin.examine_subscription_group_config(broker(), group.as_str().into())).named("group config")?;
    equal("tries", 3, shown.retry_max_times())?;
    let listed = || -> Outcome<bool> {
        let groups = wait(t.admin.get_all_subscription_group(broker(), REQUEST_MS)).named("list of groups")?;
        Ok(groups.get_subscription_group_table().contains_key(group.as_str()))
    };
    equal("listed", true, listed()?)
}

fn members(t: &Ctx) -> Outcome {
    let (topic, group) = (t.topic(1)?, t.unique("G"));
    t.push(Setup { topic: &topic, group: &group, tags: "red || blue", ..Setup::default() })?;
    let shown = eventually("a member", 10, || {
        wait(t.admin.examine_consumer_connection_info(group.as_str().into(), Some(t.broker.as_str().into()))).named("members")
    })?;
    equal("members", 1, shown.get_connection_set().len())?;
    let subscription = shown.get_subscription_table().get(topic.as_str()).ok_or("the topic is not among its subscriptions")?;
    equal("expression", "red || blue", subscription.sub_string.as_str())
}

fn progress(t: &Ctx) -> Outcome {
    let (topic, group, mut p) = (t.topic(2)?, t.unique("G"), t.producer()?);
    let sink = t.push(Setup { topic: &topic, group: &group, ..Setup::default() })?;
    sink.await_exactly(&t.send_many(&mut p, &topic, 10, "m")?)?;
    let places = || -> Outcome<HashMap<i32, (i64, i64)>> {
        let broker = Some(t.broker.as_str().into());
        let stats = wait(t.admin.examine_consume_stats(group.as_str().into(), Some(topic.as_str().into()), None, broker, None)).named("progress")?;
        let place = |(queue, at): (&MessageQueue, &rocketmq_remoting::protocol::admin::offset_wrapper::OffsetWrapper)| {
            (queue.queue_id(), (at.get_consumer_offset(), at.get_broker_offset()))
        };
        Ok(stats.get_offset_table().iter().filter(|(queue, _)| queue.topic_str() == topic).map(place).collect())
    };
    eventually("its progress", 15, || equal("of the group, of the queue", HashMap::from([(0, (5, 5)), (1, (5, 5))]), places()?))
}

/// By queue: this client cannot read the table of all queues of a topic.
fn ends(t: &Ctx) -> Outcome {
    let (topic, mut p) = (t.topic(2)?, t.producer()?);
    t.send_many(&mut p, &topic, 5, "m")?;
    for (queue, end) in t.queues(&topic).into_iter().zip([3, 2]) {
        let broker = || t.broker.as_str().into();
        let largest = || wait(t.admin.max_offset(broker(), queue.clone(), REQUEST_MS)).named("largest");
        eventually("the end", 10, || equal("largest", end, largest()?))?;
        equal("smallest", 0, wait(t.admin.min_offset(broker(), queue.clone(), REQUEST_MS)).named("smallest")?)?;
    }
    Ok(())
}

fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as i64
}

fn by_time(t: &Ctx) -> Outcome {
    let (topic, mut p) = (t.topic(1)?, t.producer()?);
    t.send_many(&mut p, &topic, 5, "m")?;
    let queue = t.queues(&topic)[0].clone();
    await_pulled(t, &queue, 5)?;
    let search = |time: i64| {
        wait(t.admin.search_offset(t.broker.as_str().into(), topic.as_str().into(), 0, time as u64, REQUEST_MS)).named("search")
    };
    equal("an hour ago", 0, search(now_ms() - 3_600_000)?)?;
    let third = bodies_and_times(&pull(t, &queue, "*", 2, 1)?)[0].1;
    holds("the third one or one of the same millisecond", search(third)? <= 2)?;
    equal("in an hour", 5, search(now_ms() + 3_600_000)?)
}

fn with_key(topic: &str, key: &str, body: &str) -> Message {
    Message::builder().topic(topic).key(key).body_slice(body.as_bytes()).build_unchecked()
}

fn by_key(t: &Ctx) -> Outcome {
    let (topic, mut p) = (t.topic(2)?, t.producer()?);
    for i in 0..6 {
        send(&mut p, with_key(&topic, ["one", "two"][i % 2], &format!("m{i}")))?;
    }
    let find = || -> Outcome<Vec<String>> {
        let (from, to) = (now_ms() - 600_000, now_ms() + 600_000);
        let found = wait(t.admin.query_message_by_key(None, topic.as_str().into(), "two".into(), 32, from, to, "K".into(), None));
        let mut bodies: Vec<_> = found.named("query")?.message_list().iter().map(body_of).collect();
        bodies.sort();
        Ok(bodies)
    };
    eventually("the three", 15, || equal("bodies", ["m1", "m3", "m5"].map(String::from).to_vec(), find()?))
}

fn by_id(t: &Ctx) -> Outcome {
    let (topic, mut p) = (t.topic(1)?, t.producer()?);
    let sent = send(&mut p, message(&topic, "this"))?;
    let id = sent.offset_msg_id.ok_or("no id of the server")?;
    let found = wait(t.admin.query_message(t.cluster.as_str().into(), topic.as_str().into(), id.into())).named("by the server's id")?;
    equal("body", "this".to_string(), body_of(&found))?;
    let id = sent.msg_id.ok_or("no id of the client")?;
    eventually("by the client's id", 15, || {
        let (from, to) = (now_ms() - 600_000, now_ms() + 600_000);
        let found = wait(t.admin.query_message_by_unique_key(None, topic.as_str().into(), id.clone(), 32, from, to)).named("query")?;
        equal("bodies", vec!["this".to_string()], found.message_list().iter().map(body_of).collect())
    })
}

fn settings(t: &Ctx) -> Outcome {
    let shown = wait(t.admin.get_broker_config(t.broker.as_str().into())).named("settings")?;
    equal("name", Some(t.broker_name.as_str()), shown.get("brokerName").map(|name| name.as_str()))?;
    let stats = wait(t.admin.fetch_broker_runtime_stats(t.broker.as_str().into())).named("runtime")?;
    holds("the runtime tells since when it runs", stats.table.contains_key("bootTimestamp"))
}

fn kv(t: &Ctx) -> Outcome {
    let (space, key) = (t.unique("N"), t.unique("K"));
    wait(t.admin.create_and_update_kv_config(space.as_str().into(), key.as_str().into(), "value".into())).named("put")?;
    let got = wait(t.admin.get_kv_config(space.as_str().into(), key.as_str().into())).named("get")?;
    equal("value", "value", got.as_str())?;
    wait(t.admin.delete_kv_config(space.as_str().into(), key.as_str().into())).named("delete")?;
    let later = wait(t.admin.get_kv_config(space.as_str().into(), key.as_str().into()));
    // This client takes "there is none" for an empty one.
    holds("it is gone", later.is_ok_and(|value| value.is_empty()))
}

fn pull(t: &Ctx, queue: &MessageQueue, tags: &str, offset: i64, count: i32) -> Outcome<PullResult> {
    wait(t.admin.pull_message_from_queue(&t.broker, queue, tags, offset, count, REQUEST_MS)).named("pull")
}

fn await_pulled(t: &Ctx, queue: &MessageQueue, end: u64) -> Outcome {
    eventually("all can be read", 10, || equal("largest offset", end, pull(t, queue, "*", 0, 1)?.max_offset()))
}

fn bodies_and_times(result: &PullResult) -> Vec<(String, i64)> {
    let there = result.msg_found_list().into_iter().flatten();
    there.map(|message| (body_of(message), message.store_timestamp())).collect()
}

fn bodies(result: &PullResult) -> Vec<String> {
    bodies_and_times(result).into_iter().map(|(body, _)| body).collect()
}

fn pull_from(t: &Ctx) -> Outcome {
    let (topic, mut p) = (t.topic(1)?, t.producer()?);
    let sent = t.send_many(&mut p, &topic, 20, "m ")?;
    let queue = t.queues(&topic)[0].clone();
    await_pulled(t, &queue, 20)?;
    for from in [0, 7, 15] {
        let result = pull(t, &queue, "*", from, 5)?;
        equal("status", PullStatus::Found, *result.pull_status())?;
        equal("next offset", from as u64 + 5, result.next_begin_offset())?;
        equal("smallest and largest offset", (0, 20), (result.min_offset(), result.max_offset()))?;
        equal("bodies", sent[from as usize..from as usize + 5].to_vec(), bodies(&result))?;
    }
    Ok(())
}

fn pull_beyond(t: &Ctx) -> Outcome {
    let (topic, mut p) = (t.topic(1)?, t.producer()?);
    t.send_many(&mut p, &topic, 3, "m ")?;
    let queue = t.queues(&topic)[0].clone();
    await_pulled(t, &queue, 3)?;
    let result = pull(t, &queue, "*", 100, 5)?;
    equal("status", PullStatus::OffsetIllegal, *result.pull_status())?;
    equal("next offset", 3, result.next_begin_offset())
}

fn pull_by_tag(t: &Ctx) -> Outcome {
    let (topic, mut p) = (t.topic(1)?, t.producer()?);
    let queue = t.queues(&topic)[0].clone();
    for i in 0..10 {
        let tag = ["even", "odd"][i % 2];
        let m = Message::builder().topic(topic.as_str()).tags(tag).body_slice(i.to_string().as_bytes()).build_unchecked();
        send_to(&mut p, m, &queue)?;
    }
    await_pulled(t, &queue, 10)?;
    let result = pull(t, &queue, "odd", 0, 32)?;
    equal("bodies", ["1", "3", "5", "7", "9"].map(String::from).to_vec(), bodies(&result))?;
    equal("next offset", 10, result.next_begin_offset())
}
