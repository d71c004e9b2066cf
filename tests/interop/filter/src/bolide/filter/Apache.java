// SPDX-License-Identifier: Apache-2.0
//
// What Apache's filter says, as its broker would ask it.
package bolide.filter;

import java.util.Map;
import org.apache.rocketmq.common.message.MessageDecoder;
import org.apache.rocketmq.filter.FilterFactory;
import org.apache.rocketmq.filter.expression.EvaluationContext;
import org.apache.rocketmq.filter.expression.Expression;

final class Apache {
    private Apache() {}

    static String verdict(String expression, String properties) {
        Expression compiled;
        try {
            compiled = FilterFactory.INSTANCE.get("SQL92").compile(expression);
        } catch (Exception e) {
            return "refused";
        }
        Map<String, String> map = MessageDecoder.string2messageProperties(properties);
        try {
            Object value = compiled.evaluate(new EvaluationContext() {
                @Override
                public Object get(String name) {
                    return map.get(name);
                }

                @Override
                public Map<String, Object> keyValues() {
                    return null;
                }
            });
            return value == null ? "unknown" : value.equals(true) ? "yes" : value.equals(false) ? "no" : "other";
        } catch (Exception e) {
            return "failed";
        }
    }
}
