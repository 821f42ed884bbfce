CREATE TABLE party (
<<<<<<< HEAD
    id bigint
=======
    id uuid
>>>>>>> theirs
);
