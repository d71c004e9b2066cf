// SPDX-License-Identifier: Apache-2.0
//
// Expressions and properties by chance, from a seed.
package bolide.filter;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

final class Generator {
    enum Kind {
        WELL_FORMED,  // what a user would write
        WILD,  // any operand anywhere
        BROKEN,  // of the two, one that was damaged
        SOUP,  // words of the language in any order
        NOISE  // characters
    }

    private static final List<String> NAMES = List.of("a", "b", "c", "TAGS", "KEYS", "_x", "$y", "price2", "Not_", "missing");
    private static final List<String> NUMBERS =
        List.of("0", "1", "5", "10", "-5", "- 5", "+5", "2147483647", "2147483648", "-2147483648", "9223372036854775807",
                "9223372036854775808", "5L", "7l", "0L", "007", "1.5", "5.0", "5.", ".5", "1e3", "5E-2", "1.E+2", "0.0", "0.1", "1e400",
                "1e-400", "4.9E-324", "2.4E-324", "1.7976931348623157E308", "0x10", "100", "3000000000");
    private static final List<String> TEXTS = List.of("'5'", "'abc'", "'ab'", "'c'", "''", "'it''s'", "'true'", "'TRUE'", "'5.0'", "' '", "'\u4f60\u597d'",
                                                      "'x\ny'", "'--'", "'/*'", "'1'", "'\uD83D\uDE00'");
    private static final List<String> VALUES =
        List.of("5", "5", "1", "0", "-5", "+5", "10", "005", "2147483647", "2147483648", "-2147483648", "-2147483649", "3000000000",
                "9223372036854775807", "9223372036854775808", "5.0", "5.", ".5", "1.5", "1e3", "1E400", "-1E400", "1e-400", "NaN", "-NaN",
                "Infinity", "-Infinity", "nan", " 5 ", "\t5", "5d", "5F", "5L", "0x10", "0x1p3", "0X1.8P1d", "0x.p1", "1e", "1e+", "--5", "+-5", "", " ", "+",
                "-", ".", "e5", "true", "TRUE", "True", "false", "abc", "ab", "c", "abcabc", "it's", "\u4f60\u597d", "a\u4f60", "\uD83D\uDE00x", "-0",
                "-0.0", "0.0", "1_000", "1,5", "4.9E-324", "2e-324", "0.1", "100", "1e99999999999", "1e-99999999999", "0e99999999999");
    private static final List<String> WORDS =
        List.of("AND", "OR", "NOT", "IN", "BETWEEN", "IS", "NULL", "TRUE", "FALSE", "CONTAINS", "STARTSWITH", "ENDSWITH", "=", "<>", "<",
                "<=", ">", ">=", "(", ")", ",", "+", "-", "!=", "==", "LIKE", "*", "/", ".", ";", "--", "/*", "*/", "\n");
    private static final String CHARACTERS = "ab5.0eEL'\"-+*/=<>!(), \n\r\t\f\u000b\0_$#\u4f60\uFF11IN";

    private final Kind kind;
    private final Random random;

    Generator(Kind kind, long seed) {
        this.kind = kind;
        this.random = new Random(seed * 31 + kind.ordinal());
    }

    String expression() {
        return switch (kind) {
            case WELL_FORMED -> condition(3);
            case WILD -> wild(4);
            case BROKEN -> damaged(chance(50) ? condition(2) : wild(3));
            case SOUP -> soup();
            case NOISE -> noise();
        };
    }

    /** A properties string as it is stored. */
    String properties() {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(8); i > 0; i--) {
            text.append(chance(3) ? "" : pick(NAMES)).append('\u0001').append(pick(VALUES)).append('\u0002');
        }
        if (chance(5)) text.append(pick(NAMES)).append(chance(50) ? "\u0001" : "").append(chance(50) ? "5" : "");
        if (chance(3)) text.append('\u0002').append(pick(NAMES)).append('\u0001').append("5\u0001").append("6\u0002");
        return text.toString();
    }

    static String visible(String text) {
        StringBuilder out = new StringBuilder();
        for (char c : text.toCharArray()) out.append(c < ' ' || c > '~' ? String.format("\\u%04x", (int) c) : String.valueOf(c));
        return out.toString();
    }

    private boolean chance(int percent) {
        return random.nextInt(100) < percent;
    }

    private String pick(List<String> list) {
        return list.get(random.nextInt(list.size()));
    }

    /** A blank or what stands for one. */
    private String blank() {
        if (!chance(8)) return " ";
        return pick(List.of("\n", "\t", "  ", "\r\n", "\f", " /* x */ ", "/***/", " -- y\n", "--\r", "/* 'a' -- */"));
    }

    private String word(String word) {
        if (chance(80)) return word;
        StringBuilder mixed = new StringBuilder();
        for (char c : word.toCharArray()) mixed.append(chance(50) ? Character.toLowerCase(c) : c);
        return mixed.toString();
    }

    private String not() {
        return chance(30) ? word("NOT") + blank() : "";
    }

    private String list() {
        List<String> texts = new ArrayList<>();
        for (int i = 1 + random.nextInt(chance(20) ? 12 : 3); i > 0; i--) texts.add(pick(TEXTS));
        return "(" + String.join(chance(50) ? "," : blank() + "," + blank(), texts) + ")";
    }

    private String condition(int depth) {
        if (depth > 0 && chance(55)) {
            String left = condition(depth - 1);
            String right = condition(depth - 1);
            if (chance(30)) left = "(" + left + ")";
            if (chance(30)) right = word("NOT") + blank() + "(" + right + ")";
            return left + blank() + word(chance(50) ? "AND" : "OR") + blank() + right;
        }
        String name = pick(NAMES);
        return switch (random.nextInt(8)) {
            case 0 -> name + blank() + pick(List.of("=", "<>")) + blank() + pick(TEXTS);
            case 1 -> name + pick(List.of("=", "<>", " = ", "<", "<=", ">", " >= ")) + pick(NUMBERS);
            case 2 -> name + blank() + not() + word("BETWEEN") + blank() + pick(NUMBERS) + blank() + word("AND") + blank() + pick(NUMBERS);
            case 3 -> name + blank() + not() + word("IN") + blank() + list();
            case 4 -> name + blank() + word("IS") + blank() + not() + word("NULL");
            case 5 -> name + blank() + not() + word(pick(List.of("CONTAINS", "STARTSWITH", "ENDSWITH"))) + blank() + pick(TEXTS);
            case 6 -> name + blank() + "=" + blank() + word(chance(50) ? "TRUE" : "FALSE");
            default -> name + blank() + pick(List.of("=", "<>", "<", "<=", ">", ">=")) + blank() + pick(NAMES);
        };
    }

    private String wild(int depth) {
        if (depth == 0 || chance(25)) {
            return switch (random.nextInt(5)) {
                case 0 -> pick(NUMBERS);
                case 1 -> pick(TEXTS);
                case 2 -> word(pick(List.of("TRUE", "FALSE", "NULL")));
                default -> pick(NAMES);
            };
        }
        String left = wild(depth - 1);
        return switch (random.nextInt(11)) {
            case 0, 1 -> "(" + left + ")";
            case 2 -> word("NOT") + blank() + left;
            case 3 -> (chance(60) ? "-" : "+") + blank() + left;
            case 4, 5 -> left + blank() + word(chance(50) ? "AND" : "OR") + blank() + wild(depth - 1);
            case 6, 7 -> left + blank() + pick(List.of("=", "<>", "<", "<=", ">", ">=")) + blank() + wild(depth - 1);
            case 8 -> left + blank() + not() + word("BETWEEN") + blank() + wild(depth - 1) + blank() + word("AND") + blank() + wild(depth - 1);
            case 9 -> left + blank() + word("IS") + blank() + not() + word("NULL");
            default -> chance(50) ? left + blank() + not() + word("IN") + list()
                                  : left + blank() + not() + word(pick(List.of("CONTAINS", "STARTSWITH", "ENDSWITH"))) + blank() + pick(TEXTS);
        };
    }

    private String damaged(String text) {
        for (int i = 1 + random.nextInt(2); i > 0 && !text.isEmpty(); i--) {
            int at = random.nextInt(text.length());
            char c = CHARACTERS.charAt(random.nextInt(CHARACTERS.length()));
            text = switch (random.nextInt(6)) {
                case 0 -> text.substring(0, at);
                case 1 -> text.substring(0, at) + text.substring(at + 1);
                case 2 -> text.substring(0, at) + c + text.substring(at);
                case 3 -> text.substring(0, at) + c + text.substring(at + 1);
                case 4 -> text + blank() + pick(WORDS) + blank() + pick(TEXTS);
                default -> text.substring(0, at) + blank() + pick(WORDS) + blank() + text.substring(at);
            };
        }
        return text;
    }

    private String soup() {
        StringBuilder text = new StringBuilder();
        for (int i = 1 + random.nextInt(8); i > 0; i--) {
            text.append(switch (random.nextInt(4)) {
                case 0 -> pick(NAMES);
                case 1 -> pick(chance(50) ? NUMBERS : TEXTS);
                default -> word(pick(WORDS));
            }).append(chance(80) ? blank() : "");
        }
        return text.toString();
    }

    private String noise() {
        StringBuilder text = new StringBuilder(chance(50) ? "a = 5" : "a ");
        for (int i = random.nextInt(10); i > 0; i--) text.append(CHARACTERS.charAt(random.nextInt(CHARACTERS.length())));
        return text.toString();
    }
}
