// SPDX-License-Identifier: Apache-2.0
//
// Producers: the ways to send, what a message carries, limits.
'use strict';

const { randomBytes } = require('node:crypto');

module.exports = {
  async sends_count_the_offsets_of_a_queue(t) {
    const topic = await t.topic(1);
    const producer = await t.producer();
    for (let i = 0; i < 10; i++) t.equal('offset', i, (await t.send(producer, t.message(topic, 'm'))).queueOffset);
  },

  async a_hundred_sends_at_once_all_arrive(t) {
    const topic = await t.topic(4);
    const producer = await t.producer();
    const bodies = Array.from({ length: 100 }, (_, i) => `a${i}`);
    const sent = await Promise.all(bodies.map(body => t.send(producer, t.message(topic, body))));
    t.equal('different ids', 100, new Set(sent.map(one => one.msgId)).size);
    await (await t.push(topic)).awaitExactly(bodies);
  },

  async sends_go_round_every_queue(t) {
    const topic = await t.topic(5);
    const producer = await t.producer();
    const used = new Set();
    for (let i = 0; i < 10; i++) used.add(Number((await t.send(producer, t.message(topic, 'm'))).messageQueue.queueId));
    t.equal('queues reached', [0, 1, 2, 3, 4], [...used].sort());
  },

  async a_sharding_key_keeps_to_one_queue(t) {
    const topic = await t.topic(8);
    const producer = await t.producer();
    const send = async () => (await t.send(producer, t.message(topic, 'm', '', { shardingKey: 'order-1' }))).messageQueue.queueId;
    const queue = await send();
    for (let i = 0; i < 10; i++) t.equal('queue', queue, await send());
  },

  async a_message_carries_tag_keys_flag_and_properties(t) {
    const topic = await t.topic(1);
    const message = t.message(topic, 'body', 'tag', { keys: ['k1', 'k2'], flag: 7 });
    message.properties.colour = 'green';
    message.properties.equals = 'a=b;c&d';
    const sent = await t.send(await t.producer(), message);
    const sink = await t.push(topic, { tags: 'tag' });
    await sink.awaitCount(1);
    const [got] = sink.got;
    t.equal('tag and keys', ['tag', 'k1 k2'], [got.tags, got.keys]);
    t.equal('flag', 7, got.flag);
    t.equal('properties', ['green', 'a=b;c&d'], [got.properties.colour, got.properties.equals]);
    t.equal('offset', sent.queueOffset, Number(got.queueOffset));
    t.equal('store host', t.server.broker, got.storeHost);
  },

  async unicode_bodies_and_properties_come_back_whole(t) {
    const topic = await t.topic(1);
    const text = 'žluť 消息 🚀 "quoted" \\ {[,:]}';
    const message = t.message(topic, text, 'štítek', { keys: ['клюЧ'] });
    message.properties['имя'] = text;
    await t.send(await t.producer(), message);
    const sink = await t.push(topic, { tags: 'štítek' });
    await sink.awaitCount(1);
    const [got] = sink.got;
    t.equal('body', text, got.body.toString());
    t.equal('tag, keys, property', ['štítek', 'клюЧ', text], [got.tags, got.keys, got.properties['имя']]);
  },

  async a_body_of_four_megabytes_less_one_arrives(t) {
    const topic = await t.topic(1);
    const body = randomBytes(4 * 1024 * 1024 - 1);
    await t.send(await t.producer({ compressMsgBodyOverHowmuch: 1e9 }), t.message(topic, body));
    const sink = await t.push(topic);
    await sink.awaitCount(1);
    t.equal('same body', true, body.equals(sink.got[0].body));
  },

  async a_body_over_four_megabytes_is_refused(t) {
    const topic = await t.topic(1);
    const producer = await t.producer({ compressMsgBodyOverHowmuch: 1e9 });
    let refused = '';
    try {
      await producer.send(t.message(topic, Buffer.alloc(4 * 1024 * 1024 + 1)));
    } catch (error) {
      refused = error.message;
    }
    if (!refused) t.fail('it was accepted');
    await t.send(producer, t.message(topic, 'small')); // the connection lives on
  },

  async a_compressed_body_comes_back_whole(t) {
    const topic = await t.topic(1);
    const body = 'compress me '.repeat(10000);
    await t.send(await t.producer({ compressMsgBodyOverHowmuch: 100 }), t.message(topic, body));
    const sink = await t.push(topic);
    await sink.awaitCount(1);
    t.equal('same body', true, body === sink.got[0].body.toString());
  },

  async a_topic_that_is_not_there_has_no_route(t) {
    const producer = await t.producer();
    let refused = '';
    try {
      await producer.send(t.message(t.unique('none'), 'm'));
    } catch (error) {
      refused = error.message;
    }
    if (!refused.includes('No topic route info in name server')) t.fail(`expected the name server's refusal, got "${refused}"`);
  },
};
