{{ config(severity='warn') }}

-- a line of pins.csv that names nothing, or nothing that it could pin
select 'pins.csv, line ' || line || ': ' || problem || '; it has no effect, correct or delete it' as problem
from {{ ref('int_pin') }}
where problem is not null
