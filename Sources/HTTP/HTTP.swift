package enum HTTPLimitsPlaceholder {}
