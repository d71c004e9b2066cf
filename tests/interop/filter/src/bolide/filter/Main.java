// SPDX-License-Identifier: Apache-2.0
//
// Asks Apache's filter and ours about the same expressions and properties, and holds the answers
// against each other, case by case.
package bolide.filter;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

public final class Main {
    private static final int PAIRS_OF_CASE = 400;
    private static final int SHOWN_MAX = 3;

    private Main() {}

    public static void main(String[] words) throws Exception {
        Map<String, String> options = new HashMap<>();
        for (int i = 0; i + 1 < words.length; i += 2) options.put(words[i], words[i + 1]);
        int passed = 0;
        int failed = 0;
        try (Ours ours = new Ours(options.get("--program"))) {
            for (Batch batch : batches(options)) {
                if (!wanted(batch.name(), options)) continue;
                long start = System.nanoTime();
                List<String> wrong = differences(batch, ours);
                if (wrong.isEmpty()) {
                    passed++;
                    System.out.printf("PASS %s %d ms %d pairs%n", batch.name(), (System.nanoTime() - start) / 1_000_000,
                                      batch.pairs().size());
                } else {
                    failed++;
                    System.out.printf("FAIL %s %d of %d pairs differ%n", batch.name(), wrong.size(), batch.pairs().size());
                    wrong.stream().limit(SHOWN_MAX).forEach(System.out::println);
                }
            }
        }
        System.out.printf("%d passed, %d failed%n", passed, failed);
        System.exit(failed == 0 ? 0 : 1);
    }

    record Pair(String expression, String properties) {}

    record Batch(String name, List<Pair> pairs) {}

    private static boolean wanted(String name, Map<String, String> options) {
        String only = options.getOrDefault("--only", "");
        if (only.isEmpty()) return true;
        for (String part : only.split(",")) {
            if (name.contains(part)) return true;
        }
        return false;
    }

    private static List<Batch> batches(Map<String, String> options) {
        List<Batch> batches = new ArrayList<>();
        batches.add(new Batch("written_by_hand", Written.pairs()));
        int each = Integer.parseInt(options.getOrDefault("--pairs", "24000")) / Generator.Kind.values().length;
        long seed = Long.parseLong(options.getOrDefault("--seed", "1"));
        for (Generator.Kind kind : Generator.Kind.values()) {
            Generator generator = new Generator(kind, seed);
            for (int i = 0; i * PAIRS_OF_CASE < each; i++) {
                List<Pair> pairs = new ArrayList<>();
                while (pairs.size() < PAIRS_OF_CASE) {
                    String expression = generator.expression();
                    for (int j = 0; j < 4; j++) pairs.add(new Pair(expression, generator.properties()));
                }
                batches.add(new Batch(kind.name().toLowerCase() + "_" + i, pairs));
            }
        }
        return batches;
    }

    private static List<String> differences(Batch batch, Ours ours) throws Exception {
        List<String> wrong = new ArrayList<>();
        List<String> answers = ours.ask(batch.pairs());
        for (int i = 0; i < answers.size(); i++) {
            Pair pair = batch.pairs().get(i);
            String judge = Apache.verdict(pair.expression(), pair.properties());
            if (judge.equals(answers.get(i))) continue;
            wrong.add("  " + Generator.visible(pair.expression()) + "   of   " + Generator.visible(pair.properties())
                      + "   Apache: " + judge + ", Bolide: " + answers.get(i));
        }
        return wrong;
    }
}
