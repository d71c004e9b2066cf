// SPDX-License-Identifier: Apache-2.0
//
// Makes what two servers print comparable: whatever must differ between them becomes a word.
package bolide.mqadmin;

import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

final class Plain {
    private record Rule(Pattern pattern, String word) {
        Rule(String pattern, String word) {
            this(Pattern.compile(pattern), word);
        }
    }

    private static final List<Rule> RULES = List.of(
        new Rule("[ \\t]+", " "),
        new Rule("\\d{4}-\\d\\d-\\d\\d[ #]\\d\\d:\\d\\d:\\d\\d([,:.]\\d{3})?", "TIME"),
        new Rule("\\d{4}-\\d\\d-\\d\\d", "TIME"),
        new Rule("\\b\\d{14,17}\\b", "TIME"),
        new Rule("\\b1[6-9]\\d{11}\\b", "MS"),
        new Rule("\\b([0-9A-F]{56}|[0-9A-F]{32})\\b", "ID"),
        new Rule("(?<=@ID@|CommitLog Offset: |commitLogOffset=|storeSize=)\\d+", "POSITION"),
        new Rule("(?<=\\$Lambda)[$\\w/]+", ""),
        new Rule("(?<=[a-z]@)[0-9a-f]{5,8}\\b", "OBJECT"),
        new Rule("\\b\\d+(\\.\\d+){3}@[\\w#@.-]+", "CLIENT"),
        new Rule("\\d+(\\.\\d+){3}:\\d+", "PEER"),
        new Rule("__CRC32#=\\d+(, )?", ""));

    /**
     * Topics that only one of the two brokers keeps for itself; and a group's offset 0 in its empty retry queue, which
     * clients commit because Bolide tells it them, where Apache says that there is none (docs/compatibility.md).
     */
    private static final Pattern OWN = Pattern.compile(
        "\\b(RMQ_SYS_ROCKSDB_|rmq_sys_(REVIVE_LOG|SYNC_BROKER_MEMBER|wheel_timer)|TRANS_CHECK_MAX_TIME_TOPIC)"
        + "|^%RETRY%\\S+ broker-a [0N] [0N] [0N] ");
    private static final Pattern PROPERTIES = Pattern.compile("(?<=[Pp]roperties[:=] ?\\{)[^}]*");
    private static final Pattern NUMBER = Pattern.compile("\\d+(\\.\\d+)?(E-?\\d+)?");

    private Plain() {
    }

    private static String sorted(String properties) {
        return Arrays.stream(properties.split(", ")).filter(p -> !p.isEmpty()).sorted().collect(Collectors.joining(", "));
    }

    /** The lines of what the server printed, sorted: some commands print them in the order of a hash. */
    static List<String> lines(Server server, String printed, boolean numbers) {
        String text = printed.replace(server.broker, "BROKER").replace(server.namesrv, "NAMESRV")
            .replace("/" + server.name + "/", "/FOLDER/").replaceAll("(?<=[/-])" + server.name + "(?=\\b)", "SERVER");
        for (Rule rule : RULES) text = rule.pattern().matcher(text).replaceAll(rule.word());
        text = PROPERTIES.matcher(text).replaceAll(found -> Matcher.quoteReplacement(sorted(found.group())));
        if (numbers) text = NUMBER.matcher(text).replaceAll("N");
        return text.lines().map(String::strip).filter(line -> !line.isEmpty() && !OWN.matcher(line).find()).sorted().toList();
    }
}
