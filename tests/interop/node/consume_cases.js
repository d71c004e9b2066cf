// SPDX-License-Identifier: Apache-2.0
//
// Consumers: sharing, take-over, broadcasting, filters, where a new group starts, failed messages, offsets.
'use strict';

const queuesOf = messages => new Set(messages.map(message => message.queueId));

module.exports = {
  async one_consumer_gets_every_message_once(t) {
    const topic = await t.topic(4);
    const producer = await t.producer();
    const bodies = await t.sendMany(producer, topic, 100, 'early ');
    const sink = await t.push(topic);
    await sink.awaitCount(100);
    await sink.awaitExactly([...bodies, ...await t.sendMany(producer, topic, 100, 'late ')]);
  },

  async a_group_continues_where_it_stopped(t) {
    const topic = await t.topic(2);
    const producer = await t.producer();
    const group = t.unique('G');
    const first = await t.push(topic, { group });
    await first.awaitExactly(await t.sendMany(producer, topic, 20, 'first '));
    await first.stop();
    const later = await t.sendMany(producer, topic, 20, 'later ');
    await (await t.push(topic, { group })).awaitExactly(later);
  },

  async two_members_share_the_queues_and_one_takes_over(t) {
    const topic = await t.topic(4);
    const producer = await t.producer();
    const group = t.unique('G');
    const a = await t.push(topic, { group });
    const b = await t.push(topic, { group });
    let wave = 0;
    await t.until('two queues each', 20000, async () => {
      const before = [a.got.length, b.got.length];
      await t.sendMany(producer, topic, 8, `wave ${++wave} `);
      await t.until('a wave', 15000, () => a.got.length + b.got.length >= before[0] + before[1] + 8, () => [a.bodies(), b.bodies()]);
      return queuesOf(a.got.slice(before[0])).size === 2 && queuesOf(b.got.slice(before[1])).size === 2;
    }, () => [queuesOf(a.got), queuesOf(b.got)]);
    await a.stop();
    const last = await t.sendMany(producer, topic, 40, 'last ');
    const missing = () => last.filter(body => !b.bodies().includes(body));
    await t.until('everything at the last member', 20000, () => missing().length === 0, missing);
  },

  async broadcasting_gives_each_member_every_message(t) {
    const topic = await t.topic(4);
    const group = t.unique('G');
    const [a, b] = [await t.push(topic, { group, isBroadcast: true }), await t.push(topic, { group, isBroadcast: true })];
    const bodies = await t.sendMany(await t.producer(), topic, 40, 'b ');
    await a.awaitExactly(bodies);
    await b.awaitExactly(bodies);
  },

  async tags_select_what_a_consumer_gets(t) {
    const topic = await t.topic(2);
    const producer = await t.producer();
    const [some, all] = [await t.push(topic, { tags: 'red || blue' }), await t.push(topic)];
    const every = [];
    for (let i = 0; i < 30; i++) {
      const tag = ['red', 'green', 'blue'][i % 3];
      every.push(`${tag} ${i}`);
      await t.send(producer, t.message(topic, every[i], tag));
    }
    await all.awaitExactly(every);
    await some.awaitExactly(every.filter(body => !body.startsWith('green')));
  },

  async one_queue_is_consumed_in_order(t) {
    const topic = await t.topic(1);
    const bodies = await t.sendMany(await t.producer(), topic, 100, 'n ');
    const sink = await t.push(topic);
    await sink.awaitCount(100);
    t.equal('bodies', bodies, sink.bodies());
  },

  async a_new_group_from_last_starts_a_young_queue_at_0(t) {
    const topic = await t.topic(1);
    const producer = await t.producer();
    const old = await t.sendMany(producer, topic, 10, 'old ');
    const sink = await t.push(topic, { consumeFromWhere: 'CONSUME_FROM_LAST_OFFSET' });
    await sink.awaitExactly([...old, ...await t.sendMany(producer, topic, 10, 'new ')]);
  },

  async a_failed_message_comes_again(t) {
    const topic = await t.topic(1);
    const producer = await t.producer();
    const group = t.unique('G');
    const first = await t.push(topic, { group }); // from then on the retry topic has a route
    await first.awaitExactly(await t.sendMany(producer, topic, 1, 'first '));
    await first.stop();
    const sink = await t.push(topic, { group, failFirst: 1 });
    await t.sendMany(producer, topic, 1, 'again ');
    await sink.awaitCount(2);
    t.equal('bodies', ['again 0', 'again 0'], sink.bodies());
    t.equal('reconsume times', [0, 1], sink.got.map(message => message.reconsumeTimes));
  },

  async offsets_of_a_queue_can_be_asked_for(t) {
    const topic = await t.topic(1);
    const start = Date.now();
    const sent = await t.send(await t.producer(), t.message(topic, 'm'));
    const client = t.server.client;
    await client.updateTopicRouteInfoFromNameServer(topic);
    await t.until('largest offset 1', 10000, async () => Number(await client.maxOffset(sent.messageQueue)) === 1, () => sent);
    t.equal('by a time before', 0, Number(await client.searchOffset(sent.messageQueue, String(start - 60000))));
    t.equal('by a time after', 1, Number(await client.searchOffset(sent.messageQueue, String(Date.now() + 60000))));
  },
};
