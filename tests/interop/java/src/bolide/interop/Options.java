// SPDX-License-Identifier: Apache-2.0
//
// What the command line asked for.
package bolide.interop;

import java.util.List;

public record Options(String namesrv, String client, List<String> only, int bulk, boolean strict, int jobs, int again) {
    public int clientMajor() {
        return Integer.parseInt(client.substring(0, client.indexOf('.')));
    }

    public static Options parse(String[] args) {
        String namesrv = null, client = "5.5.0", only = "";
        int bulk = 20_000, jobs = 8, again = 0;
        boolean strict = false;
        for (int i = 0; i < args.length; i++) {
            switch (args[i]) {
                case "--namesrv" -> namesrv = args[++i];
                case "--client" -> client = args[++i];
                case "--only" -> only = args[++i];
                case "--bulk" -> bulk = Integer.parseInt(args[++i]);
                case "--jobs" -> jobs = Integer.parseInt(args[++i]);
                case "--again" -> again = Integer.parseInt(args[++i]);
                case "--strict" -> strict = true;
                default -> throw new IllegalArgumentException("unknown option " + args[i]);
            }
        }
        if (namesrv == null) throw new IllegalArgumentException("--namesrv HOST:PORT is missing");
        List<String> names = only.isEmpty() ? List.of() : List.of(only.split(","));
        return new Options(namesrv, client, names, bulk, strict, jobs, again);
    }
}
