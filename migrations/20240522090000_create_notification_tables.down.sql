-- Takes the notifications and the preferences away.

DROP TABLE notification_preferences;
DROP TABLE notifications;
